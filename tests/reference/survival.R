# Reference values of R's package survival (3.5.3, R 4.2.2), for survival.sql and cox.sql in tests/sql/retention to agree with:
#   Rscript tests/reference/survival.R tests/reference
# The tests need only the files, not R. The data are published: lung C. L. Loprinzi and others, J. Clinical Oncology 12
# (1994); ovarian J. H. Edmunson and others, Cancer Treatment Reports 63 (1979); kidney C. A. McGilchrist and C. W. Aisbett,
# Biometrics 47 (1991); veteran J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure Time Data (1980).
library(survival)
options(scipen = 20)
out <- commandArgs(trailingOnly = TRUE)[1]
num <- function(x) ifelse(is.na(x), "", format(x, digits = 12, trim = TRUE))
write <- function(d, name) {
    for (i in seq_along(d)) if (is.numeric(d[[i]])) d[[i]] <- sapply(d[[i]], num)
    write.table(d, file.path(out, name), sep = ",", row.names = FALSE, quote = FALSE, na = "")
}
sets <- list(
    lung = with(lung, data.frame(duration = time, churned = status == 2, grp = sex, stratum = ph.ecog, entry = NA)),
    ovarian = with(ovarian, data.frame(duration = futime, churned = fustat == 1, grp = rx, stratum = resid.ds, entry = NA)),
    kidney = with(kidney, data.frame(duration = time, churned = status == 1, grp = as.integer(disease), stratum = sex, entry = NA)),
    veteran = with(veteran, data.frame(duration = time, churned = status == 1, grp = as.integer(celltype), stratum = trt, entry = NA)),
    # the same, seen late: made up entries, a third of the Karnofsky score, where that is before the end
    veteran_late = with(subset(transform(veteran, entry = karno / 3), entry < time),
        data.frame(duration = time, churned = status == 1, grp = as.integer(celltype), stratum = trt, entry = entry)))
write(do.call(rbind, lapply(names(sets), function(n) cbind(data = n, transform(sets[[n]], churned = ifelse(churned, "t", "f"))))), "survival_members.csv")
surv <- function(d) if (all(is.na(d$entry))) Surv(d$duration, d$churned) else Surv(d$entry, d$duration, d$churned)
curve <- function(n, conf) {
    f <- survfit(surv(sets[[n]]) ~ 1, conf.type = conf)
    data.frame(data = n, conf_type = conf, tenure = f$time, at_risk = f$n.risk, events = f$n.event, censored = f$n.censor,
        survival = f$surv, survival_low = f$lower, survival_high = f$upper, cumulative_hazard = f$cumhaz)
}
write(do.call(rbind, unlist(lapply(names(sets), function(n) lapply(if (n %in% c("ovarian", "veteran_late")) c("log-log", "log", "plain") else "log-log",
    function(conf) curve(n, conf))), FALSE)), "survival_curves.csv")
summ <- function(n, conf, tau) {
    f <- survfit(surv(sets[[n]]) ~ 1, conf.type = conf)
    t <- summary(f, rmean = if (is.na(tau)) "common" else tau)$table
    data.frame(data = n, conf_type = conf, tau = if (is.na(tau)) max(f$time) else tau, members = nrow(sets[[n]]),
        events = t[["events"]], median = t[["median"]],
        median_low = t[["0.95LCL"]], median_high = t[["0.95UCL"]], restricted_mean = t[["rmean"]], std_error = t[["se(rmean)"]])
}
write(do.call(rbind, unlist(lapply(names(sets), function(n) unlist(lapply(c("log-log", "log", "plain"), function(conf)
    lapply(c(NA, 100.5), function(tau) summ(n, conf, tau))), FALSE)), FALSE)), "survival_summaries.csv")
test <- function(n, rho, strata) {
    d <- sets[[n]]
    if (strata) d <- d[!is.na(d$stratum), ]
    s <- if (strata) survdiff(Surv(duration, churned) ~ grp + strata(stratum), d, rho = rho) else survdiff(Surv(duration, churned) ~ grp, d, rho = rho)
    sum1 <- function(x) if (is.matrix(x)) rowSums(x) else x
    data.frame(data = n, rho = rho, stratified = ifelse(strata, "t", "f"), grp = sort(unique(d$grp)), members = as.vector(tapply(d$grp, d$grp, length)),
        observed = sum1(s$obs), expected = sum1(s$exp), variance = diag(s$var), chi_square = s$chisq, df = length(s$n) - 1,
        p_value = pchisq(s$chisq, length(unique(d$grp)) - 1, lower.tail = FALSE))
}
write(do.call(rbind, unlist(lapply(names(sets)[1:4], function(n) unlist(lapply(c(0, 1), function(r) lapply(c(FALSE, TRUE), function(s) test(n, r, s))), FALSE)), FALSE)), "survival_logrank.csv")

# Cox regressions: coefficients, covariances, tests, concordance, baseline; Efron's ties.
control <- coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 100)
coxes <- list(
    lung = list(coxph(Surv(time, status) ~ age + sex + ph.karno, lung, control = control), c("age", "sex", "ph.karno")),
    ovarian = list(coxph(Surv(futime, fustat) ~ age + resid.ds + rx, ovarian, control = control), c("age", "resid.ds", "rx")),
    kidney = list(coxph(Surv(time, status) ~ age + sex + I(disease == "GN") + I(disease == "AN") + I(disease == "PKD"), kidney, control = control), NULL),
    veteran = list(coxph(Surv(time, status) ~ trt + karno + diagtime + age + prior, veteran, control = control), c("trt", "karno", "diagtime", "age", "prior")),
    veteran_late = list(coxph(Surv(entry, time, status) ~ trt + karno + age, subset(transform(veteran, entry = karno / 3), entry < time), control = control), NULL))
covariates <- function(n) {
    d <- switch(n, lung = lung, ovarian = ovarian, kidney = transform(kidney, gn = disease == "GN", an = disease == "AN", pkd = disease == "PKD"),
        veteran = veteran, veteran_late = subset(transform(veteran, entry = karno / 3), entry < time))
    cols <- switch(n, lung = c("age", "sex", "ph.karno"), ovarian = c("age", "resid.ds", "rx"), kidney = c("age", "sex", "gn", "an", "pkd"),
        veteran = c("trt", "karno", "diagtime", "age", "prior"), veteran_late = c("trt", "karno", "age"))
    x <- as.matrix(sapply(d[cols], as.numeric))
    m <- sets[[n]]
    data.frame(data = n, duration = m$duration, churned = ifelse(m$churned, "t", "f"), entry = m$entry,
        covariates = apply(x, 1, function(r) paste(ifelse(is.na(r), "NULL", r), collapse = " ")))
}
write(do.call(rbind, lapply(names(coxes), covariates)), "cox_members.csv")
write(do.call(rbind, lapply(names(coxes), function(n) {
    s <- summary(coxes[[n]][[1]])
    data.frame(data = n, number = seq_len(nrow(s$coefficients)), coefficient = s$coefficients[, 1], std_error = s$coefficients[, 3],
        hazard_ratio = s$conf.int[, 1], low = s$conf.int[, 3], high = s$conf.int[, 4], z = s$coefficients[, 4], p_value = s$coefficients[, 5])
})), "cox_coefficients.csv")
write(do.call(rbind, lapply(names(coxes), function(n) {
    f <- coxes[[n]][[1]]
    s <- summary(f)
    data.frame(data = n, members = f$n, events = f$nevent, null = f$loglik[1], fitted = f$loglik[2], aic = AIC(f), concordance = s$concordance[[1]],
        lr = s$logtest[[1]], lr_p = s$logtest[[3]], wald = f$wald.test[[1]], wald_p = pchisq(f$wald.test[[1]], length(coef(f)), lower.tail = FALSE), score = s$sctest[[1]], score_p = s$sctest[[3]])
})), "cox_models.csv")
# Survival of members with given covariates, at four times
write(do.call(rbind, lapply(c("lung", "ovarian", "veteran"), function(n) {
    f <- coxes[[n]][[1]]
    x <- as.data.frame(t(f$means * c(1.1, 0.9, 1.05, 1, 1)[seq_along(f$means)]))
    names(x) <- coxes[[n]][[2]]
    t <- c(3, 60.5, 100, 353)
    data.frame(data = n, time = t, covariates = paste(format(unlist(x), digits = 15, trim = TRUE), collapse = " "), survival = summary(survfit(f, newdata = x, conf.type = "none"), times = t, extend = TRUE)$surv)
})), "cox_survival.csv")
