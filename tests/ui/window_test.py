#!/usr/bin/env python3
"""Drives the real window under Xvfb: keys and mouse by xdotool, pictures by its own screenshot command, in both themes at
1x and 2x: open, expand, search, trace, step, scrub, cell hover, export, theme.

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
# Places in the window, in look pixels: with all scopes closed, and of the Cell workspace.
SCOPE_RNN, STATE_MAP = (880, 472), (918, 160)


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


class Window:
    """The program on a screen of its own, with its settings and its command log in a folder of its own."""

    def __init__(self, program, theme, scale, *files):
        self.screen, self.scale = Screen(scale), scale
        self.home = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.home.name)
        self.settings = self.folder / "config" / "rnnscope" / "settings.json"
        self.settings.parent.mkdir(parents=True)
        self.size = int(WIDTH * scale), int(HEIGHT * scale)
        self.settings.write_text(
            json.dumps({"theme": theme, "window_width": self.size[0], "window_height": self.size[1]}))
        env = dict(self.screen.env, XDG_CONFIG_HOME=str(self.folder / "config"))
        self.log = self.folder / "commands.txt"
        self.app = subprocess.Popen([program, "open", *files, "--log", str(self.log)], env=env, cwd=self.folder,
                                    stdout=subprocess.DEVNULL)
        self.window = wait_for(lambda: self.screen.tool("search", "--name", "rnnscope").split() or None)[-1]
        time.sleep(3)  # fonts, and the first frame: drawn in software they take their time
        self.screen.tool("windowfocus", self.window)
        time.sleep(0.5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.app.poll() is None:
            self.app.kill()
        self.screen.close()
        self.home.cleanup()

    def commands(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def wait_for_command(self, start, since=0):
        return wait_for(lambda: [c for c in self.commands()[since:] if c.startswith(start)] or None)[-1]

    def key(self, keys, command=None):
        """Presses them and, where that is a command, waits until it was carried out."""
        since = len(self.commands())
        self.screen.tool("key", keys)
        if command:
            self.wait_for_command(command, since)
        time.sleep(0.4 * self.scale)

    def command(self, title, command):
        """By its title in the palette."""
        since = len(self.commands())
        self.key("ctrl+p", "ui.palette")
        self.type(title)
        self.screen.tool("key", "Return")
        if command:
            self.wait_for_command(command, since)
        time.sleep(0.5 * self.scale)

    def type(self, text):
        """Letter by letter, with time for the frames: drawn in software, those of 2x are slow."""
        self.screen.tool("type", "--delay", str(int(100 * self.scale)), text)
        time.sleep(0.8 * self.scale**2)

    def move(self, x, y):
        """To a place in look pixels."""
        at = [str(int(x * self.scale)), str(int(y * self.scale))]
        self.screen.tool("mousemove", "--window", self.window, *at)
        time.sleep(0.3)

    def click(self, x, y, button="1"):
        self.move(x, y)
        self.screen.tool("mousedown", button)
        time.sleep(0.2)
        self.screen.tool("mouseup", button)
        time.sleep(0.3)

    def double_click(self, x, y, done):
        """Until that had its effect: drawn in software, two clicks can be too far apart to be one double click."""
        self.move(x, y)
        for delay in (60, 120, 30, 180, 90):
            self.screen.tool("click", "--repeat", "2", "--delay", str(delay), "1")
            time.sleep(1)
            if done():
                return
        raise AssertionError("no double click was seen")

    def picture(self, name):
        """What the window's own screenshot command saves; kept where RNNSCOPE_KEEP_PICTURES says."""
        for old in self.folder.glob("rnnscope-*.png"):
            old.unlink()
        self.screen.tool("key", "ctrl+shift+p")
        picture = wait_for(lambda: sorted(self.folder.glob("rnnscope-*.png")))[0]
        time.sleep(1)
        keep = os.environ.get("RNNSCOPE_KEEP_PICTURES")
        if keep:
            shutil.copy(picture, pathlib.Path(keep) / name)
        return picture


def look_at_rest(program, theme, scale):
    with Window(program, theme, scale, "seed_a_init_early.json") as window:
        window.key("F5", "run.continue")
        time.sleep(3)
        size, tones = read_png(window.picture(f"window-{theme}-{scale}x.png"))
        assert size == window.size, f"{theme} {scale}x: {size}"
        assert tones > 60, f"{theme} {scale}x: only {tones} byte values, the window is nearly empty"
        time.sleep(1)
        before = cpu_seconds(window.app.pid)
        time.sleep(2)
        used = cpu_seconds(window.app.pid) - before
        assert used < 0.1, f"at rest the window used {used:.2f} s of 2 s"
        window.key("ctrl+t", "ui.theme")
        window.key("ctrl+q")
        assert window.app.wait(timeout=20) == 0
        kept = json.loads(window.settings.read_text())
        assert kept["theme"] != theme, "the theme was not kept"
    print(f"{theme} at {scale}x: {size[0]}x{size[1]}, idle {used:.2f} s of 2 s")


def work_in_it(program, theme, scale):
    """Open, search, step, scrub, select, workspaces, a fix: by mouse and keyboard, seen by the commands that came of it."""
    with Window(program, theme, scale) as window:
        window.key("ctrl+p", "ui.palette")
        window.type("open sample")
        window.key("Return")
        time.sleep(scale)
        window.type("seed_a_ok")
        window.key("Return", "ui.sample seed_a_ok.json")
        window.key("F5", "run.continue")
        time.sleep(2)
        window.key("ctrl+p", "ui.palette")
        window.type("cell_0/gru_cell/MatMul_1")
        window.key("Return", "select.")
        for keys, command in (("F8", None), ("shift+F8", "step.back-op"), ("shift+F7", "step.back-time"),
                              ("F10", "step.over"), ("ctrl+F2", "bookmark.toggle"), ("F2", "bookmark.next")):
            window.key(keys, command)
        # The bottom strip is 270 pixels high: its boxes of statements begin 38 below its edge.
        bottom, since = HEIGHT - 24 - 270, len(window.commands())
        window.click(560, bottom + 48)
        first = window.wait_for_command("go.position", since)
        since = len(window.commands())
        window.move(560, bottom + 48)
        window.screen.tool("mousedown", "1")
        for x in range(570, 700, 10):
            window.move(x, bottom + 48)
        window.screen.tool("mouseup", "1")
        time.sleep(0.5)
        scrubbed = [c for c in window.commands()[since:] if c.startswith("go.position")]
        assert len(scrubbed) > 2 and scrubbed[-1] != first, f"scrubbing went to {scrubbed}"
        window.key("ctrl+End", "go.end")
        since = len(window.commands())
        window.click(120, 40 + (HEIGHT - 64) * 0.527 + 30 + 23 + 26 + 3 * 22)  # a row of Variables
        window.wait_for_command("select.", since)
        before = window.picture(f"drive-before-{theme}-{scale}x.png").read_bytes()
        window.key("alt+2", "workspace.graph")
        assert window.picture(f"drive-graph-{theme}-{scale}x.png").read_bytes() != before
        window.key("alt+1", "workspace.debug")
        window.key("ctrl+q")
        assert window.app.wait(timeout=20) == 0
    print(f"{theme} at {scale}x: driven by mouse and keyboard")


def explore(program, theme, scale):
    """Open a file, search, trace, expand, look into the cell, export."""
    sample = pathlib.Path(__file__).resolve().parents[2] / "samples" / "programs" / "seed_a_ok.json"
    with Window(program, theme, scale) as window:
        window.key("ctrl+o")
        window.type(str(sample))
        window.key("Return", "file.open " + str(sample))
        window.key("F5", "run.continue")
        time.sleep(2)

        since = len(window.commands())
        window.key("ctrl+shift+f", "graph.search")
        window.type("cell_1/gru_cell/MatMul")
        window.screen.tool("key", "Return")
        found = window.wait_for_command("select.node", since)
        assert found.endswith("cell_1/gru_cell/MatMul"), found
        window.key("Escape")
        window.command("trace inputs", "graph.trace-inputs")
        window.key("Escape", "graph.trace-end")

        window.key("alt+2", "workspace.graph")
        window.command("collapse all scopes", "graph.collapse-all")
        window.key("ctrl+1", "graph.fit")
        time.sleep(scale)
        closed = window.picture(f"explore-closed-{theme}-{scale}x.png").read_bytes()
        since = len(window.commands())
        window.double_click(*SCOPE_RNN, lambda: any(c.startswith("graph.toggle rnn") for c in window.commands()[since:]))
        time.sleep(scale)
        assert window.picture(f"explore-open-{theme}-{scale}x.png").read_bytes() != closed
        window.key("ctrl+e", "graph.toggle")

        window.key("alt+3", "workspace.cell")
        time.sleep(scale)
        before = window.picture(f"explore-cell-{theme}-{scale}x.png").read_bytes()
        window.move(*STATE_MAP)
        assert window.picture(f"explore-hover-{theme}-{scale}x.png").read_bytes() != before, "nothing shows the pointer"
        since = len(window.commands())
        window.click(*STATE_MAP)
        window.wait_for_command("go.", since)

        window.key("alt+1", "workspace.debug")
        window.command("export value", None)
        window.type("own.npy cell_1/gru_cell/MatMul:0".replace("cell_1", "rnn/rnn/while/rnn/multi_rnn_cell/cell_1"))
        window.key("Return", "value.export")
        exported = wait_for(lambda: (window.folder / "own.npy").exists() and (window.folder / "own.npy").read_bytes())
        assert exported.startswith(b"\x93NUMPY") and b"(2, 128)" in exported[:128], exported[:128]
        window.key("ctrl+q")
        assert window.app.wait(timeout=20) == 0
    print(f"{theme} at {scale}x: opened, searched, traced, expanded, looked into the cell, exported")


def main():
    for program in ("Xvfb", "xdotool"):
        need(program)
    scales = [1, 2] if shutil.which("xrdb") else [1]
    if len(scales) == 1:
        print("xrdb is not installed: 2x is left out")
    for theme in ("dark", "light"):
        for scale in scales:
            look_at_rest(os.path.abspath(sys.argv[1]), theme, scale)
    for scale in scales:
        work_in_it(os.path.abspath(sys.argv[1]), "dark", scale)
        explore(os.path.abspath(sys.argv[1]), "light", scale)


if __name__ == "__main__":
    main()
