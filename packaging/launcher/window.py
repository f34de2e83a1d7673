"""The first start in a small window of tkinter's."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tkinter import font as tkfont
from tkinter import ttk

from launcher.answers import SUITS, TITLE, WORDS, Answer
from launcher.builds import Build
from launcher.work import Work

POLL_MILLISECONDS = 150
WIDTH = 520
CANCEL = "cancel"
PICTURE = Path("/usr/share/icons/hicolor/64x64/apps/tunesmith.png")

# The product's light colours; there is no table of them without Qt.
BACKGROUND, SURFACE, TEXT, EDGE, ACCENT, ACCENT_HOVER = (
    "#F6F6F3",
    "#FFFFFF",
    "#1A1E1C",
    "#CDD0CA",
    "#0C6A5E",
    "#095548",
)


class Window:
    """One window whose inside changes; each question is a loop of its own that a button ends."""

    def __init__(self) -> None:
        self._root = tk.Tk(className="tunesmith")
        self._root.title(TITLE)
        self._root.resizable(width=False, height=False)
        self._root.protocol("WM_DELETE_WINDOW", self._closed)
        _style(self._root)
        if PICTURE.is_file():
            self._picture = tk.PhotoImage(file=str(PICTURE))
            self._root.iconphoto(True, self._picture)
        self._inside = ttk.Frame(self._root, padding=32)
        self._inside.grid()
        self._inside.grid_columnconfigure(0, minsize=WIDTH)
        self._answer = tk.StringVar()
        self._means_when_closed = ""

    def choose(self, builds: Sequence[Build], suited: Build, cards_text: str) -> Build | None:
        """Show the builds as a group of radio buttons."""
        self._clear()
        self._say("Set up Tunesmith", "Title.TLabel")
        self._say(WORDS)
        self._say(cards_text)
        chosen = tk.StringVar(value=suited.id)
        for build in builds:
            text = f"{build.words()}{SUITS if build == suited else ''}"
            choice = ttk.Radiobutton(self._inside, text=text, value=build.id, variable=chosen)
            choice.grid(sticky="w", pady=3)
        self._buttons(("Set up", "yes"), ("Not now", ""))
        answer = self._wait()
        return next(build for build in builds if build.id == chosen.get()) if answer else None

    def follow(self, work: Work) -> None:
        """Show what goes on and a bar; closing the window cancels too."""
        self._clear()
        self._say("Setting up", "Title.TLabel")
        label = self._say("")
        bar = ttk.Progressbar(self._inside, length=WIDTH, maximum=1.0)
        bar.grid(pady=(4, 0))
        cancel = self._buttons(("Cancel", CANCEL))[0]
        self._answer.set("")
        self._means_when_closed = CANCEL

        def look() -> None:
            if self._answer.get() == CANCEL:
                cancel.state(["disabled"])
                work.cancel()
            label["text"] = work.progress.text()
            bar["value"] = work.progress.share()
            if work.wait(0):
                self._root.quit()
            else:
                self._root.after(POLL_MILLISECONDS, look)

        look()
        self._root.mainloop()
        self._means_when_closed = ""

    def ask(self, trouble: str, log: str, *, has_previous: bool) -> Answer:
        """Say it, and offer what can be done as buttons."""
        self._clear()
        self._say("Not set up", "Title.TLabel")
        self._say(trouble)
        self._say(f"All that was said is in {log}.")
        previous = [("Use the previous one", "previous")] if has_previous else []
        self._buttons(("Try again", "again"), *previous, ("Close", ""))
        answer = self._wait()
        return "again" if answer == "again" else "previous" if answer == "previous" else "close"

    def close(self) -> None:
        """Take the window away."""
        self._root.destroy()

    def _clear(self) -> None:
        for each in self._inside.winfo_children():
            each.destroy()

    def _say(self, text: str, style: str = "TLabel") -> ttk.Label:
        label = ttk.Label(self._inside, text=text, wraplength=WIDTH, style=style)
        label.grid(sticky="w", pady=(0, 12))
        return label

    def _buttons(self, *texts: tuple[str, str]) -> list[ttk.Button]:
        """Make a row of buttons, each of which answers with its word."""
        row = ttk.Frame(self._inside)
        row.grid(sticky="e", pady=(20, 0))
        buttons: list[ttk.Button] = []
        for column, (text, answer) in enumerate(texts):
            style = "Main.TButton" if answer and answer != CANCEL and not buttons else "TButton"
            button = ttk.Button(row, text=text, style=style, command=partial(self._answer.set, answer))
            button.grid(row=0, column=column, padx=(8, 0))
            buttons.append(button)
        buttons[0].focus_set()
        buttons[0].bind("<Return>", lambda _event: buttons[0].invoke())
        return buttons

    def _wait(self) -> str:
        self._root.wait_variable(self._answer)
        return self._answer.get()

    def _closed(self) -> None:
        self._answer.set(self._means_when_closed)


def _style(root: tk.Tk) -> None:
    """Give the window the product's colours."""
    root.configure(background=BACKGROUND)
    size = tkfont.nametofont("TkDefaultFont").actual("size")
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(".", background=BACKGROUND, foreground=TEXT)
    style.map("TRadiobutton", background=[("active", BACKGROUND)], indicatorbackground=[("selected", ACCENT)])
    style.configure("Title.TLabel", font=("TkDefaultFont", round(size * 1.5), "bold"))
    style.configure("TButton", background=SURFACE, bordercolor=EDGE, padding=(14, 6), relief="flat")
    style.configure("Main.TButton", background=ACCENT, foreground=SURFACE, bordercolor=ACCENT)
    style.map("Main.TButton", background=[("active", ACCENT_HOVER)])
    style.configure("Horizontal.TProgressbar", background=ACCENT, troughcolor=EDGE, bordercolor=EDGE)
