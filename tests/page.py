# SPDX-License-Identifier: BSD-2-Clause
"""The web page in headless Chromium: what it shows is what the snapshot says, and it obeys.

usage: page.py look URL | obey URL TOKEN | picture URL FILE
"""
import json
import re
import sys
import time
import urllib.request

from browser import Browser

SCALES = {'': 1, 'k': 1e3, 'M': 1e6, 'G': 1e9, 'n': 1e-9, 'u': 1e-6, 'm': 1e-3}


def get(url, path):
    with urllib.request.urlopen(url + path, timeout=30) as answer:
        return answer.read().decode()


def resolve(snapshot, path):
    for key in path.split('.'):
        snapshot = snapshot[int(key)] if isinstance(snapshot, list) else snapshot[key]
    return snapshot


def agrees(words, value, path):
    """Whether words on the page stand for a value of the snapshot."""
    name = path.split('.')[-1]
    if value is None:
        return words in ('?', '-')
    if isinstance(value, str):
        return words == value
    if re.fullmatch(r'-?[0-9]{1,3}(,[0-9]{3})*', words):
        return int(words.replace(',', '')) == value
    found = re.fullmatch(r'(-?[0-9.]+) ?([numkMG]?)(pps|b/s|B/s|s|%|)', words.replace(' %', '%'))
    if not found:
        return False
    shown = float(found[1]) * SCALES[found[2]]
    if 'latency_ns' in path or name.endswith('_ns'):
        shown *= 1e9
    if found[3] == 'B/s':
        shown *= 8
    return abs(shown - value) <= max(0.006 * abs(value), 0.06)


def quiet(browser, url):
    """The newest snapshot, once the page shows the same one and nothing changes any more."""
    browser.wait_for('ringside.before && ringside.before.totals.rx_pps === 0 && ringside.shown.totals.tx_pps === 0')
    browser.wait_for('document.getElementById("table-drops").textContent.includes(": ")')  # what reasons mean has come
    return json.loads(get(url, 'api/v1/snapshot'))


def compare(browser, url, least):
    snapshot = quiet(browser, url)
    shown = browser.run('''[...document.querySelectorAll("[data-path]")].map((place) =>
        [place.dataset.path, place.textContent])''')
    compared = 0
    for path, words in shown:
        if path in ('uptime_s',) or path.endswith(('busy_percent', 'wakeups', 'empty_polls')):
            continue  # these go on
        value = resolve(snapshot, path)
        assert agrees(words, value, path), f'{path}: the page shows {words}, the snapshot has {value}'
        compared += 1
    assert compared >= least, f'only {compared} figures are compared'
    return snapshot


def compare_histogram(browser, snapshot):
    groups = snapshot['services'][0]['latency_histogram']
    bars = browser.run('[...document.querySelectorAll(".bar")].map((bar) => Number(bar.dataset.packets))')
    assert bars == [group['packets'] for group in groups], (bars, groups)
    assert sum(bars) == snapshot['services'][0]['latency_ns']['count'] > 0


def compare_drops(browser, url, snapshot):
    reasons = json.loads(get(url, 'api/v1/reasons'))
    rows = browser.run('''[...document.querySelectorAll("#table-drops tbody tr")].map((row) =>
        [...row.cells].map((cell) => cell.textContent))''')
    dropped = snapshot['services'][0]['drop']['rate_limited']
    assert dropped > 0, 'nothing is dropped'
    text = reasons['rate_limited']
    assert ['rate_limited', 'service reflect', f'{dropped:,}', '0', f"{text['meaning']}: {text['advice']}"] in rows, rows
    sums = sum(sum(value for value in part['drop'].values() if value) for part in
               snapshot['services'] + [queue for one in snapshot['interfaces'] for queue in one['queues']])
    assert sums == snapshot['totals']['drop_packets']


def compare_metrics(url, snapshot):
    """/metrics has the snapshot's counts."""
    text = get(url, 'metrics')
    samples = dict(re.findall(r'^(ringside_\S+) (\S+)$', text, re.M))
    compared = 0
    groups = [('ringside_', '', snapshot['totals'])]
    for one in snapshot['interfaces']:
        groups += [('ringside_queue_', f'{{interface="{one["name"]}",queue="{queue["queue"]}"}}', queue)
                   for queue in one['queues']]
    groups += [('ringside_service_', f'{{service="{service["name"]}",type="{service["type"]}"}}', service)
               for service in snapshot['services']]
    for prefix, labels, values in groups:
        for name, value in values.items():
            if not isinstance(value, int) or name in ('queue', 'cpu', 'zero_copy') or not name.endswith(('packets', 'bytes')):
                continue
            sample = samples.get(f'{prefix}{name}_total{labels}', samples.get(f'{prefix}{name}{labels}'))
            assert sample is not None and float(sample) == value, f'{prefix}{name}{labels}: {sample}, the snapshot has {value}'
            compared += 1
        for reason, value in values.get('drop', {}).items():
            family = f'{prefix}drop_packets_total{labels[:-1]},' if labels else f'{prefix}drop_reason_packets_total{{'
            sample = samples.get(f'{family}reason="{reason}"}}')
            assert sample == (None if value is None else str(value)), f'{reason}: {sample}, {value}'
            compared += 1
    count = samples['ringside_service_latency_seconds_count{service="reflect",type="reflect"}']
    assert int(count) == snapshot['services'][0]['latency_ns']['count']
    assert compared > 25, compared


def compare_dashboard(screen, snapshot):
    """The books on the dashboard's screen; counts below 1000 are written in full."""
    totals = snapshot['totals']
    books = re.search(r'BOOK +in (\d+) = out (\d+) \+ drop (\d+) \+ pass (\d+) \+ flight (\d+) +unaccounted (-?\d+)', screen)
    assert books, 'the screen has no books'
    assert [int(one) for one in books.groups()] == [totals[key + '_packets'] for key in (
        'rx', 'tx', 'drop', 'pass', 'in_flight', 'unaccounted')], books[0]


def look(browser, url):
    snapshot = compare(browser, url, 45)
    compare_histogram(browser, snapshot)
    compare_drops(browser, url, snapshot)
    compare_metrics(url, snapshot)
    with open('screen', encoding='utf-8') as screen:
        compare_dashboard(screen.read(), snapshot)
    assert browser.run('document.querySelectorAll("canvas").length') == 3
    assert browser.run('ringside.shown.name === document.getElementById("name").textContent')


def look_everywhere(browser):
    """No theme and no width loses anything; nothing comes from elsewhere."""
    for theme, background in (('light', 'rgb(243, 245, 248)'), ('dark', 'rgb(16, 21, 28)')):
        browser.theme(theme)
        browser.wait_for(f'getComputedStyle(document.body).backgroundColor === "{background}"')
        for width in (360, 800, 1280):
            browser.size(width, 900)
            browser.wait_for(f'innerWidth === {width}')
            browser.wait_for(f'document.documentElement.scrollWidth <= {width}')
    foreign = [one for one in browser.requests() if not one.startswith((browser.url, 'about:'))]
    assert not foreign, foreign
    assert not browser.complaints(), browser.complaints()
    browser.run('''document.head.append(Object.assign(document.createElement("script"), { textContent: "window.foreign = 1" }),
        Object.assign(document.createElement("style"), { textContent: "body { display: none }" }))''')
    assert browser.run('window.foreign === undefined && getComputedStyle(document.body).display === "block"'), 'inline code runs'
    assert len([one for one in browser.complaints() if 'Content Security Policy' in one]) >= 2


def press_keys(browser):
    browser.press('u')
    assert browser.run('document.getElementById("units").textContent') == 'bytes'
    assert ' B/s' in browser.run('document.querySelector("[data-path=\'totals.rx_bps\']").textContent')
    browser.press('3')
    assert browser.run('document.activeElement.id') == 'services'
    browser.press('?')
    assert browser.run('document.getElementById("keys").open')
    browser.press('p')  # the dialog has the keys
    assert not browser.run('ringside.frozen')
    browser.run('document.getElementById("keys").close()')
    browser.press('p')
    frozen = browser.run('ringside.shown.uptime_s')
    browser.wait_for(f'ringside.newest.uptime_s > {frozen} + 1')
    assert browser.run('ringside.shown.uptime_s') == frozen, 'frozen, it goes on'
    browser.press(' ')
    browser.wait_for(f'ringside.shown.uptime_s > {frozen}')
    for theme in ('light', 'dark', 'auto'):
        browser.press('t')
        assert browser.run('document.getElementById("theme").textContent') == f'Theme: {theme}'


def obey(browser, token):
    press_keys(browser)
    browser.press('d')
    browser.wait_for('document.getElementById("message").textContent === "Unlock changes first."')
    for wrong in ('not the token', token):
        browser.run('document.getElementById("unlock").click()')
        browser.run(f'document.getElementById("token").value = "{wrong}"')
        browser.run('document.querySelector("#ask-token button[value=set]").click()')
        browser.wait_for('document.getElementById("unlock").hidden')
        browser.press('D')
        if wrong != token:
            browser.wait_for('document.getElementById("message").textContent.includes("Bearer TOKEN")')
            browser.wait_for('!document.getElementById("unlock").hidden')
    browser.wait_for('ringside.shown.stats_level === "debug"')
    browser.wait_for('document.querySelector("[data-level=debug]").getAttribute("aria-pressed") === "true"')
    browser.wait_for('document.querySelector("#table-queues thead").textContent.includes("RX ring")')
    for state in ('paused', 'running'):
        browser.wait_for(f'!document.querySelector("button[data-state={state}]").disabled')
        browser.run(f'document.querySelector("button[data-state={state}]").click()')
        browser.wait_for(f'ringside.shown.services[0].state === "{state}"')
    browser.run('document.querySelector("[data-level=detailed]").click()')
    browser.wait_for('ringside.shown.stats_level === "detailed"')
    assert browser.run('document.getElementById("message").hidden')


def picture(browser, path):
    """Of half a minute of traffic; see scripts/page-picture."""
    browser.theme('light')
    browser.size(1120, 880)
    time.sleep(30)
    height = browser.run('document.querySelector("main").getBoundingClientRect().bottom')
    browser.size(1120, int(height) + 4)
    time.sleep(2)
    browser.picture(path)


def main():
    browser = Browser()
    browser.url = sys.argv[2]
    try:
        browser.size(1280, 900)
        browser.open(browser.url)
        browser.wait_for('document.getElementById("link").textContent === "live"')
        if sys.argv[1] == 'picture':
            picture(browser, sys.argv[3])
        elif sys.argv[1] == 'look':
            look(browser, browser.url)
            look_everywhere(browser)
        else:
            obey(browser, sys.argv[3])
    finally:
        browser.close()


main()
