//! `window_funnel`: how far the rows of a group come, as windowFunnel of columnar engines counts it.

use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::signature::TimeKind;
use crate::pg::state::InState;
use crate::state_functions;
use pg_retention_model::calendar::SECOND;
use pg_retention_model::error::Error;
use pg_retention_model::window_funnel::{MAX_CONDITIONS, Modes, WindowFunnel, WindowQuestion};
use pgrx::Array;
use pgrx::prelude::*;

type State = InState<WindowFunnel<PgHost>>;

/// One row of `window_funnel(within, mode, at, VARIADIC conditions)`.
fn step(
    mut args: Args<'_>,
    within: impl FnOnce(&mut Args<'_>) -> Option<i64>,
    at: impl FnOnce(&mut Args<'_>) -> Option<i64>,
) -> State {
    let mut state = args.state(WindowFunnel::new);
    let within = within(&mut args);
    let modes = args.text("mode").map_or(Ok(Modes::default()), Modes::parse).or_raise();
    let at = at(&mut args);
    let conditions = args.get::<Array<'_, bool>>("conditions");
    args.end();
    let hint = "Say how long after the first step the last one counts: a number of seconds, or a text such as \
                '7 days'.";
    let within = given("within", within, hint).or_raise();
    let (Some(at), Some(conditions)) = (at, conditions) else { return state };
    let mut met = 0;
    for (step, condition) in conditions.iter().take(MAX_CONDITIONS).enumerate() {
        met |= u32::from(condition == Some(true)) << step;
    }
    let question = WindowQuestion { within, modes, conditions: conditions.len() };
    state.push(question, at, met).or_raise();
    state
}

fn text(args: &mut Args<'_>) -> Option<i64> {
    args.text("within").map(|text| WindowQuestion::window_of(text).or_raise())
}

fn seconds(args: &mut Args<'_>) -> Option<i64> {
    args.get("within").map(|seconds| WindowQuestion::window_of_seconds(seconds).or_raise())
}

/// A time that is a number of seconds.
fn number(args: &mut Args<'_>) -> Option<i64> {
    let seconds: i64 = args.get("at")?;
    let micros = seconds.checked_mul(SECOND);
    let micros = micros.ok_or(Error::TimeOutOfRange { given: format!("{seconds} seconds") });
    Some(micros.or_raise())
}

macro_rules! steps {
    ($($name:ident: $within:ident, $at:expr;)*) => {
        $(
            #[pg_extern]
            fn $name(args: Args<'_>) -> State {
                step(args, $within, $at)
            }
        )*
    };
}

steps! {
    window_funnel_text_timestamptz: text, |args| args.time("at", TimeKind::Instant);
    window_funnel_text_timestamp: text, |args| args.time("at", TimeKind::Local);
    window_funnel_text_date: text, |args| args.time("at", TimeKind::Date);
    window_funnel_text_bigint: text, number;
    window_funnel_bigint_timestamptz: seconds, |args| args.time("at", TimeKind::Instant);
    window_funnel_bigint_timestamp: seconds, |args| args.time("at", TimeKind::Local);
    window_funnel_bigint_date: seconds, |args| args.time("at", TimeKind::Date);
    window_funnel_bigint_bigint: seconds, number;
}

state_functions!(WindowFunnel<PgHost>: window_funnel_combine, window_funnel_serialize, window_funnel_deserialize);

/// The number of the last step that was reached.
#[pg_extern]
fn window_funnel_final(state: Option<State>) -> i32 {
    state.map_or(0, |mut state| state.level() as i32)
}
