// node-postgres: bigint and numeric arrive as strings, and a day as a Date at midnight of the machine's zone, unless type parsers say otherwise.
const assert = require('node:assert');
const fs = require('node:fs');
const { Client, types } = require('pg');
const want = JSON.parse(fs.readFileSync(process.env.EXPECTED, 'utf8'));

// Days as text: a Date that JSON or toISOString() writes in another zone is the day before or after.
const asDate = types.getTypeParser(types.builtins.DATE);
types.setTypeParser(types.builtins.DATE, (text) => text);

async function main() {
    const client = new Client();
    await client.connect();
    const cohorts = await client.query('SELECT cohort, members, retained, rate FROM loyalty.cohorts WHERE period_number = 1 AND complete ORDER BY cohort');
    assert.deepStrictEqual(cohorts.rows.map((row) => [row.cohort, Number(row.members), Number(row.retained)]), want.cohorts);
    assert.strictEqual(typeof cohorts.rows[0].members, 'string');
    assert.deepStrictEqual(cohorts.rows.map((row) => row.rate), want.cohorts.map(([, members, retained]) => retained / members));

    const best = (await client.query('SELECT member, amount, events, last_day FROM loyalty.members ORDER BY amount DESC LIMIT 1')).rows[0];
    assert.deepStrictEqual([Number(best.member), best.amount, Number(best.events), best.last_day], [want.best_member, want.best_amount, want.best_orders, want.best_day]);

    const question = `SELECT sum(c.retained)::bigint AS retained FROM retention.cohorts(
        (SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FROM orders WHERE country = $1), period => $2, as_of => $3::date) AS c WHERE c.period_number > 0`;
    const asked = async (asOf) => Number((await client.query(question, ['Germany', 'month', asOf])).rows[0].retained);
    assert.strictEqual(await asked('2011-09-30'), want.german_months);
    // A Date is sent as the machine's local time with its offset; the cast keeps the local day. new Date('2011-09-30') is midnight in UTC, the evening
    // before in New York: the day before, without a word.
    assert.strictEqual(await asked(new Date(2011, 8, 30)), want.german_months);
    const shifted = await client.query('SELECT $1::date AS day', [new Date('2011-09-30')]);
    assert.strictEqual(shifted.rows[0].day, '2011-09-29');

    // And what the parser above is for: in a zone east of Greenwich, midnight is in UTC the evening before.
    const zone = process.env.TZ;
    process.env.TZ = 'Asia/Shanghai';
    assert.strictEqual(asDate('2011-09-30').toISOString().slice(0, 10), '2011-09-29');
    process.env.TZ = zone;

    const one = async (text, values) => Object.values((await client.query(text, values)).rows[0]);
    const churn = `SELECT c.retained, c.churned FROM stored, retention.churn(h, period => $1, gap => $2, as_of => $3::date) AS c WHERE country = $4
        ORDER BY c.period_start DESC LIMIT 1`;
    assert.deepStrictEqual((await one(churn, ['month', 1, '2011-09-30', 'Germany'])).map(Number), want.german_churn);
    const curve = `SELECT r.eligible, r.retained, r.rate FROM stored, retention.retention_curve(h, period => $1, as_of => $2::date, confidence => $3) AS r
        WHERE country = $4 AND r.period_number = 1`;
    const [eligible, retained] = want.german_curve;
    assert.deepStrictEqual((await one(curve, ['month', '2011-09-30', 0.9, 'Germany'])).map(Number), [eligible, retained, retained / eligible]);
    const rfm = `SELECT count(*)::text AS members, sum(f.frequency)::text AS orders, sum(f.monetary) AS amount
        FROM stored, retention.rfm(h, as_of => $1::date, bins => $2) AS f WHERE country = $3`;
    assert.deepStrictEqual(await one(rfm, ['2011-09-30', 5, 'Germany']), want.german_rfm.map(String));

    const brackets = await client.query("SELECT DISTINCT period_number FROM stored, retention.cohorts(h, period => 'day', brackets => $1::int[]) WHERE country = $2", [[1, 3, 7], 'Norway']);
    assert.deepStrictEqual(brackets.rows.map((row) => row.period_number).sort(), [1, 3]);
    const history = (await client.query("SELECT h::text FROM stored WHERE country = 'Germany'")).rows[0].h;
    const events = (await client.query('SELECT retention.events($1::retention.history) AS events', [history])).rows[0].events;
    assert.strictEqual(Number(events), want.german_events);
    // In binary too.
    const binary = await client.query({ text: 'SELECT retained::int AS retained, rate FROM loyalty.cohorts WHERE period_number = 1 AND complete ORDER BY cohort LIMIT 1', values: [], binary: true });
    assert.deepStrictEqual([binary.rows[0].retained, binary.rows[0].rate], [want.cohorts[0][2], want.cohorts[0][2] / want.cohorts[0][1]]);
    const svg = (await client.query("SELECT retention.cohort_svg(h) AS svg FROM stored WHERE country = 'Germany'")).rows[0].svg;
    assert.ok(svg.startsWith('<svg '));
    await assert.rejects(client.query("SELECT count(*) FROM stored, retention.cohorts(h, period => 'fortnight')"), (error) => error.code === '22023' && error.hint.includes('month'));
    await client.end();
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
