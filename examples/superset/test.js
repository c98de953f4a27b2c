// Opens the dashboard as a person would, and compares what it shows with what psql says: node test.js EXPECTED.json FOLDER_FOR_SCREENSHOTS
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const puppeteer = require('puppeteer-core');

const [, , expected, folder] = process.argv;
const want = JSON.parse(fs.readFileSync(expected, 'utf8'));
const { URL: base, ADMIN: password, CHROMIUM: executablePath } = process.env;
const patience = 300_000;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// The text of a chart, when it has one and nothing is on its way any more.
async function chart(page, name) {
    const wanted = (title) => {
        const holder = [...document.querySelectorAll('[data-test="chart-grid-component"], .dashboard-chart, .chart-slice')].find((e) => e.innerText.startsWith(title));
        const isWaiting = !holder || holder.querySelector('[data-test="loading-indicator"], .loading') || /Waiting on/.test(holder.innerText);
        // Only what is drawn: the header has a menu, which is an svg.
        const body = holder?.querySelector('[data-test="slice-container"], .slice_container');
        return isWaiting || !body ? null : {
            text: holder.innerText,
            drawn: body.querySelectorAll('canvas, svg, table').length,
            looks: body.innerText + [...body.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()).join(' '),
        };
    };
    const found = await page.waitForFunction(wanted, { timeout: patience, polling: 500 }, name);
    const answer = await found.jsonValue();
    assert.ok(!/error|unexpected|no results|no data/i.test(answer.text), `${name}: ${answer.text}`);
    return answer;
}

// The same when it has come to rest: twice alike.
async function settled(page, name) {
    let before = await chart(page, name);
    for (let tries = 0; tries < 60; tries += 1) {
        await sleep(1000);
        const now = await chart(page, name);
        if (now.looks === before.looks) return now;
        before = now;
    }
    throw new Error(`${name} does not come to rest`);
}

// The charts of the first tab, with a filter as Superset writes it into an address.
async function months(page, filter) {
    await page.goto(`${base}/superset/dashboard/loyalty/?native_filters=${encodeURIComponent(filter)}`, { waitUntil: 'networkidle2', timeout: patience });
    const found = {};
    for (const name of MONTHS) found[name] = await settled(page, name);
    return found;
}

async function open(browser, mode) {
    const page = await browser.newPage();
    page.setDefaultTimeout(patience);
    await page.evaluateOnNewDocument((theme) => localStorage.setItem('superset-theme-mode', theme), mode);
    await page.setViewport({ width: 1400, height: 2300 });
    await page.goto(`${base}/login/`, { waitUntil: 'networkidle2', timeout: patience });
    if (await page.$('#username, input[name="username"]')) {
        await page.type('#username, input[name="username"]', 'admin');
        await page.type('#password, input[name="password"]', password);
        await Promise.all([page.waitForNavigation({ waitUntil: 'networkidle2', timeout: patience }), page.click('button[type="submit"], input[type="submit"]')]);
    }
    await page.goto(`${base}/superset/dashboard/loyalty/`, { waitUntil: 'networkidle2', timeout: patience });
    return page;
}

async function tab(page, name) {
    for (const handle of await page.$$('[role="tab"]')) {
        if ((await handle.evaluate((element) => element.textContent)).includes(name)) await handle.click();
    }
}

async function shoot(page, name) {
    await sleep(3000); // what moves has come to rest
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

const MONTHS = ['Active members', 'Retention rate', 'Revenue', 'Order value', 'Retention by cohort', 'Retention of all cohorts', 'Who stays, who comes, who leaves', 'Month by month'];
const MEMBERS = ['How long members stay', 'Segments', 'From one segment to another within a month', 'Members at risk', 'Value expected of them', 'Customers at risk'];

async function main() {
    const browser = await puppeteer.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--lang=en'] });
    const page = await open(browser, 'default');
    const shown = {};
    for (const name of MONTHS) {
        shown[name] = await chart(page, name);
        assert.ok(shown[name].drawn > 0, `${name} is empty`);
    }
    for (const [name, number] of [['Active members', want.active], ['Retention rate', want.retention], ['Revenue', want.revenue], ['Order value', want.order_value]]) {
        assert.ok(shown[name].text.split('\n').includes(number), `${name}: expected ${number} in ${shown[name].text}`);
    }
    for (const [month, number] of Object.entries(want.new_by_month)) {
        const row = shown['Month by month'].text.split('\n').join('\t').split(month)[1] ?? '';
        assert.strictEqual(row.split('\t').filter(Boolean)[1], number, `new members of ${month}`);
    }
    await shoot(page, 'months-light');

    await tab(page, 'Members');
    for (const name of MEMBERS) {
        shown[name] = await chart(page, name);
        assert.ok(shown[name].drawn > 0 || /at risk|expected/.test(name), `${name} is empty`);
    }
    assert.ok(shown['Members at risk'].text.split('\n').includes(want.at_risk), `members at risk: expected ${want.at_risk}`);
    assert.ok(shown['Customers at risk'].text.includes(want.most_at_risk), `who is first of those at risk: ${want.most_at_risk}`);
    await shoot(page, 'members-light');

    // Each filter reaches every chart of its tab. Without one they look the same again, so that a difference is the filter's.
    const whole = await months(page, '()');
    const again = await months(page, '()');
    for (const name of MONTHS) assert.ok(whole[name].looks === again[name].looks, `${name} looks different without a filter`);
    for (const [id, form, state, active] of [
        ['NATIVE_FILTER-country', '(filters:!((col:country,op:IN,val:!(Germany))))', '(label:Germany,value:!(Germany))', want.german_active],
        ['NATIVE_FILTER-months', "(time_range:'2011-01-01 : 2011-07-01')", "(value:'2011-01-01 : 2011-07-01')", want.june_active],
    ]) {
        const picked = await months(page, `(${id}:(extraFormData:${form},filterState:${state},id:${id},ownState:()))`);
        assert.ok(picked['Active members'].text.split('\n').includes(active), `active members with ${id}: expected ${active} in ${picked['Active members'].text}`);
        for (const name of MONTHS) assert.ok(picked[name].looks !== whole[name].looks, `${id} does not reach ${name}`);
    }
    await page.close();

    const dark = await open(browser, 'dark');
    for (const name of MONTHS) await chart(dark, name);
    await shoot(dark, 'months-dark');
    await tab(dark, 'Members');
    for (const name of MEMBERS) await chart(dark, name);
    await shoot(dark, 'members-dark');
    await browser.close();
    console.log(`${MONTHS.length + MEMBERS.length} charts are drawn, and show what psql says`);
}

main().catch((error) => {
    console.error(error.message ?? error);
    process.exit(1);
});
