# lifelines 0.30.3 on its data sets (MIT licence), for tests/sql/retention/cox.sql and survival.sql to agree with:
#   pip install lifelines==0.30.3; python tests/reference/rossi_heart.py
# The tests need only the files. heart: the Stanford heart transplants (J. Crowley and M. Hu, Journal of the American Statistical
# Association 72, 1977), with a row for the time before and one for the time after the transplant. rossi: recidivism (P. H. Rossi,
# R. A. Berk and K. J. Lenihan, Money, Work and Crime, 1980).
import warnings
import numpy as np, pandas as pd
from lifelines import AalenJohansenFitter, CoxPHFitter, CoxTimeVaryingFitter
from lifelines.datasets import load_rossi, load_stanford_heart_transplants

warnings.simplefilter('ignore')
exact = {'precision': 1e-12, 'max_steps': 200}

def write(name, rows, columns):
    with open('tests/reference/' + name, 'w', newline='\n') as out:
        out.write(','.join(columns) + '\n')
        for row in rows:
            out.write(','.join(v if isinstance(v, str) else '' if v != v else f'{v:.12g}' for v in row) + '\n')

def yes(value):
    return 't' if value else 'f'

# Covariates that change, and rows that are stretches of a member's time.
heart = load_stanford_heart_transplants()
write('heart_rows.csv', [(f'{r.id:g}', r.start, r.stop, yes(r.event), r.age, r.year, yes(r.surgery), yes(r.transplant))
                         for r in heart.itertuples()],
      ['id', 'start', 'stop', 'event', 'age', 'year', 'surgery', 'transplant'])
fit = CoxTimeVaryingFitter().fit(heart, id_col='id', start_col='start', stop_col='stop', event_col='event', fit_options=exact)
rows = [('heart', c, fit.params_[c], fit.standard_errors_[c], fit.log_likelihood_) for c in ['age', 'surgery', 'transplant', 'year']]

# Categories, strata, and rows that stand for several members (as many rows, for lifelines).
rossi = load_rossi()
rossi['weight'] = 1 + rossi['educ'] if 'educ' in rossi else 1 + rossi['prio'] % 3
write('rossi_members.csv', [(r.week, yes(r.arrest), yes(r.fin), r.age, r.prio, 'black' if r.race else 'other', 'yes' if r.wexp else 'no', r.weight)
                            for r in rossi.itertuples()],
      ['week', 'arrest', 'fin', 'age', 'prio', 'race', 'wexp', 'weight'])
rossi['race=other'] = 1 - rossi['race']  # most are black
rossi['fin=true'] = rossi['fin']         # as many with as without: false is the base
columns = ['week', 'arrest', 'age', 'fin=true', 'prio', 'race=other']
def cox(model, data, **more):
    fit = CoxPHFitter().fit(data, 'week', 'arrest', fit_options=exact, **more)
    rows.extend((model, c, fit.params_[c], fit.standard_errors_[c], fit.log_likelihood_) for c in columns[2:])
    return fit
cox('rossi', rossi[columns])
cox('rossi strata', rossi[columns + ['wexp']], strata=['wexp'])
repeated = rossi.loc[rossi.index.repeat(rossi['weight']), columns]
columns[2 + 1] = 'fin=false'  # of those, most are with it
repeated.insert(3, 'fin=false', 1 - repeated.pop('fin=true'))
cox('rossi weights', repeated[columns])
write('lifelines_cox.csv', rows, ['model', 'covariate', 'coefficient', 'std_error', 'log_likelihood'])

# Competing risks: durations are distinct, since lifelines moves ties apart at random.
state = 1
members = []
for i in range(150):
    state = state * 16807 % 2147483647
    members.append((1 + state % 10007 / 100, ['', 'price', 'moved', 'price', 'rival'][state // 10007 % 5]))
members = pd.DataFrame(members, columns=['duration', 'cause']).drop_duplicates('duration')
write('causes_members.csv', list(members.itertuples(index=False)), ['duration', 'cause'])
codes = members['cause'].map({'': 0, 'moved': 1, 'price': 2, 'rival': 3})
rows = []
for cause, code in (('moved', 1), ('price', 2), ('rival', 3)):
    fit = AalenJohansenFitter().fit(members['duration'], codes, event_of_interest=code)
    density, ends = fit.cumulative_density_.iloc[:, 0], fit.confidence_interval_cumulative_density_
    for t in density.index[1:]:
        low, high = ends.loc[t]
        rows.append((cause, t, density[t], low, high) if density[t] > 0 else (cause, t, density[t], float('nan'), float('nan')))
write('causes_incidence.csv', rows, ['cause', 'tenure', 'incidence', 'incidence_low', 'incidence_high'])
