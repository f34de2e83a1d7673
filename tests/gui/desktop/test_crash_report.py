from engine.api import AppError
from gui.app import CrashReport, say_why_not


def test_what_an_error_quotes_commands_no_terminal_and_fits_into_the_log(qtbot, tmp_path, capsys):
    say_why_not(AppError("No folder x\x1b[2J\u202e\udcff.", "Choose another."), quietly=True)
    assert capsys.readouterr().err == "No folder x\\x1b[2J\\u202e\\xff. Choose another.\n"
    report = CrashReport(tmp_path / "tunesmith.log")
    error = OSError("x\x1b[2J\udcff")
    with qtbot.waitSignal(report.caught) as blocker:
        report.take(type(error), error, None)
    assert "Something went wrong: x" in blocker.args[0]
    assert "OSError" in report.shown.detailedText()
    report.shown.close()
    report.close()
    assert "x\\x1b[2J\\xff" in (tmp_path / "tunesmith.log").read_text(encoding="utf-8")
