# lifelines 0.30.3 on waltons (its data set of fruit flies, MIT licence), for survival.sql and cox.sql in tests/sql/retention to agree with:
#   pip install lifelines==0.30.3; python tests/reference/waltons.py
import lifelines, pandas as pd
from lifelines.datasets import load_waltons
from lifelines import KaplanMeierFitter, NelsonAalenFitter
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time
w=load_waltons()
out=open('tests/reference/waltons_members.csv','w',newline='\n')
out.write('duration,churned,grp\n')
for t,e,g in w[['T','E','group']].itertuples(index=False): out.write(f'{t:g},{"t" if e else "f"},{g}\n')
km=KaplanMeierFitter().fit(w['T'],w['E'])
na=NelsonAalenFitter(nelson_aalen_smoothing=False).fit(w['T'],w['E'])
t=km.event_table; ci=km.confidence_interval_survival_function_
o=open('tests/reference/waltons_curve.csv','w',newline='\n')
o.write('tenure,at_risk,events,censored,survival,survival_low,survival_high,cumulative_hazard\n')
for i in t.index[1:]:
    lo,hi=ci.loc[i]; s=km.survival_function_.loc[i].iloc[0]
    fmt=lambda v:'' if v!=v else f'{v:.12g}'
    o.write(f"{i:g},{t.at_risk[i]},{t.observed[i]},{t.censored[i]},{fmt(s)},{fmt(lo)},{fmt(hi)},{fmt(na.cumulative_hazard_.loc[i].iloc[0])}\n")
print(km.median_survival_time_, restricted_mean_survival_time(km,t=60,return_variance=True))
a=w[w.group=='control'];b=w[w.group!='control']
r=logrank_test(a['T'],b['T'],a['E'],b['E']); print(repr(r.test_statistic), repr(r.p_value))
print(lifelines.__version__)
