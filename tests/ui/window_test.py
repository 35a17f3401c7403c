#!/usr/bin/env python3
"""Drives the real window under Xvfb: keys by xdotool, pictures by its own screenshot command, in both themes at 1x and 2x.

usage: window_test.py PROGRAM      exit status 77: something that it needs is not installed (skipped)
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

SKIPPED = 77
WIDTH, HEIGHT = 1400, 900


def need(program):
    if shutil.which(program) is None:
        print(f"skipped: {program} is not installed")
        sys.exit(SKIPPED)


def read_png(path):
    """Width, height and the rows' bytes (8 bit RGB, not interlaced: what the program writes)."""
    data = path.read_bytes()
    at, packed, size = 8, b"", None
    while at < len(data):
        length, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            size = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
        if kind == b"IDAT":
            packed += body
        at += 12 + length
    return size, len(set(zlib.decompress(packed)))


class Screen:
    def __init__(self, scale):
        for number in range(90, 120):
            self.display = f":{number}"
            if not pathlib.Path(f"/tmp/.X11-unix/X{number}").exists():
                break
        self.server = subprocess.Popen(["Xvfb", self.display, "-screen", "0", "3000x2000x24", "-noreset"],
                                       stderr=subprocess.DEVNULL)
        self.env = dict(os.environ, DISPLAY=self.display, LIBGL_ALWAYS_SOFTWARE="1")
        time.sleep(1.5)
        if scale != 1:
            subprocess.run(["xrdb", "-nocpp", "-load", "-"], input=f"Xft.dpi: {int(96 * scale)}\n", text=True,
                           env=self.env, check=True)

    def tool(self, *words):
        # A search that finds nothing yet exits with 1.
        return subprocess.run(["xdotool", *words], env=self.env, check=words[0] != "search", capture_output=True,
                              text=True).stdout

    def close(self):
        self.server.terminate()
        self.server.wait()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(what, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        found = what()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("nothing came within %d s" % seconds)


def drive(program, theme, scale):
    screen = Screen(scale)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        settings = folder / "config" / "rnnscope" / "settings.json"
        settings.parent.mkdir(parents=True)
        width, height = int(WIDTH * scale), int(HEIGHT * scale)
        settings.write_text(json.dumps({"theme": theme, "window_width": width, "window_height": height}))
        env = dict(screen.env, XDG_CONFIG_HOME=str(folder / "config"))
        app = subprocess.Popen([program, "seed_a_init_early.json"], env=env, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            window = wait_for(lambda: screen.tool("search", "--name", "rnnscope").split() or None)[-1]
            time.sleep(3)  # fonts, and the first frame: drawn in software they take their time
            screen.tool("windowfocus", window)
            time.sleep(0.5)
            screen.tool("key", "F5")
            time.sleep(4)
            screen.tool("key", "ctrl+shift+p")
            picture = wait_for(lambda: sorted(folder.glob("rnnscope-*.png")))[0]
            time.sleep(1)
            size, tones = read_png(picture)
            assert size == (width, height), f"{theme} {scale}x: {size}"
            assert tones > 60, f"{theme} {scale}x: only {tones} byte values, the window is nearly empty"
            keep = os.environ.get("RNNSCOPE_KEEP_PICTURES")
            if keep:
                shutil.copy(picture, pathlib.Path(keep) / f"window-{theme}-{scale}x.png")
            time.sleep(1)
            before = cpu_seconds(app.pid)
            time.sleep(2)
            used = cpu_seconds(app.pid) - before
            assert used < 0.1, f"at rest the window used {used:.2f} s of 2 s"
            screen.tool("key", "ctrl+t")
            time.sleep(1)
            screen.tool("key", "ctrl+q")
            assert app.wait(timeout=20) == 0
            kept = json.loads(settings.read_text())
            assert kept["theme"] != theme, "the theme was not kept"
        finally:
            if app.poll() is None:
                app.kill()
            screen.close()
    print(f"{theme} at {scale}x: {size[0]}x{size[1]}, idle {used:.2f} s of 2 s")


def main():
    for program in ("Xvfb", "xdotool"):
        need(program)
    scales = [1, 2] if shutil.which("xrdb") else [1]
    if len(scales) == 1:
        print("xrdb is not installed: 2x is left out")
    for theme in ("dark", "light"):
        for scale in scales:
            drive(os.path.abspath(sys.argv[1]), theme, scale)


if __name__ == "__main__":
    main()
