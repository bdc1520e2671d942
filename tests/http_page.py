# SPDX-License-Identifier: BSD-2-Clause
"""A page of 30 objects in headless Chromium: all of them arrive, byte by byte.

usage: http_page.py make DIRECTORY | look URL
"""
import os
import sys

from browser import Browser

OBJECTS = 30


def text_of(i):
    """An image that is no other one's, of one segment or several."""
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="9"><desc>%s</desc></svg>\n'
            % (i + 1, ("object %d " % i) * (10 + 67 * i)))


def make(folder):
    os.mkdir(folder, 0o755)
    for i in range(OBJECTS):
        with open("%s/%d.svg" % (folder, i), "w", encoding="ascii") as file:
            file.write(text_of(i))
    with open(folder + "/index.html", "w", encoding="ascii") as file:
        file.write("<!doctype html><title>30 objects</title>" + "".join(
            '<img src="%d.svg">' % i for i in range(OBJECTS)) + "\n")
    for name in os.listdir(folder):
        os.chmod(os.path.join(folder, name), 0o644)
    os.chmod(folder, 0o755)


def look(url):
    browser = Browser()
    try:
        for _ in range(2):  # the second time with conditions, as far as the browser has it
            browser.open(url)
            widths = browser.run("[...document.images].map((image) => image.naturalWidth)")
            assert widths == [i + 1 for i in range(OBJECTS)], widths
        texts = browser.run('Promise.all([...document.images].map((image) =>'
                            ' fetch(image.src, {cache: "reload"}).then((answer) => answer.text())))')
        assert texts == [text_of(i) for i in range(OBJECTS)], "another text"
        found = [line for line in browser.complaints() if "favicon" not in line]
        assert not found, found
    finally:
        browser.close()


{"make": make, "look": look}[sys.argv[1]](*sys.argv[2:])
