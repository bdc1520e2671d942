# SPDX-License-Identifier: BSD-2-Clause
"""Headless Chromium by its DevTools protocol, over pipes: no port, no driver, no other library."""
import base64
import json
import os
import select
import subprocess
import tempfile
import time


class Browser:
    def __init__(self, program='chromium'):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()

        def take_pipes():  # it reads from 3 and writes to 4
            os.dup2(to_read, 103)
            os.dup2(back_write, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)
            os.closerange(5, 256)

        self.process = subprocess.Popen(
            [program, '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
             '--remote-debugging-pipe', '--no-first-run', '--disable-background-networking',
             '--disable-component-update', '--hide-scrollbars', '--force-device-scale-factor=1',
             f'--user-data-dir={self.folder.name}', 'about:blank'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=take_pipes, env={**os.environ, 'HOME': self.folder.name})
        os.close(to_read)
        os.close(back_write)
        self.bytes = b''
        self.serial = 0
        self.session = None
        self.events = []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    def read(self, end):
        while b'\0' not in self.bytes:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                raise TimeoutError('the browser does not answer')
            part = os.read(self.back, 1 << 20)
            if not part:
                raise EOFError('the browser has ended')
            self.bytes += part
        message, self.bytes = self.bytes.split(b'\0', 1)
        return json.loads(message)

    def call(self, method, seconds=60, **parameters):
        self.serial += 1
        message = {'id': self.serial, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.to, json.dumps(message).encode() + b'\0')
        end = time.monotonic() + seconds
        while True:
            answer = self.read(end)
            if answer.get('id') == self.serial:
                if 'error' in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer['result']
            self.events.append(answer)

    def run(self, script):
        """The value of an expression on the page."""
        result = self.call('Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result['result'].get('value')

    def wait_for(self, script, seconds=30):
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(f'in {seconds} s it did not become true: {script}')
            time.sleep(0.05)
        return value

    def open(self, url):
        self.call('Page.navigate', url=url)
        self.wait_for('document.readyState === "complete"')

    def size(self, width, height, scale=1):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=scale,
                  mobile=width < 600)

    def theme(self, name):
        self.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': name}])

    def press(self, key):
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key=key, text=key if kind == 'keyDown' and len(key) == 1 else '')

    def picture(self, path):
        data = self.call('Page.captureScreenshot', format='png', captureBeyondViewport=False)['data']
        with open(path, 'wb') as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the page's console, its exceptions and the policy have said, and requests to elsewhere."""
        self.run('1')
        found = []
        for event in self.events:
            parameters = event.get('params', {})
            if event.get('method') == 'Log.entryAdded':
                found.append(parameters['entry']['text'] + ' ' + parameters['entry'].get('url', ''))
            elif event.get('method') == 'Runtime.exceptionThrown':
                found.append(str(parameters['exceptionDetails'].get('exception', parameters)))
            elif event.get('method') == 'Runtime.consoleAPICalled':
                found.append(str(parameters['args']))
        return found

    def requests(self):
        return [event['params']['request']['url'] for event in self.events
                if event.get('method') == 'Network.requestWillBeSent']

    def close(self):
        try:
            self.session = None
            self.call('Browser.close', seconds=10)
        except (OSError, EOFError, TimeoutError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()
