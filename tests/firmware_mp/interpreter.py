"""Runs one file of tests under MicroPython; started by conftest.py, never imported by CPython.

Arguments: results path, test file path, names of test functions. For each function one JSON line
`{"name", "ok", "report"}` is appended to the results file; `report` is the traceback of a failure.
Each test has a fresh directory as its working directory, named by TIPSTAFF_TMP.
"""

import asyncio
import gc
import io
import json
import os
import sys


def _traceback(error):
    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue()


async def _awaited(coroutine):
    await coroutine


def _call(function):
    asyncio.new_event_loop()
    outcome = function()
    if hasattr(outcome, "send") and hasattr(outcome, "close"):
        asyncio.run(_awaited(outcome))


def _run(module, name, home):
    os.mkdir(home)
    os.chdir(home)
    os.putenv("TIPSTAFF_TMP", home)
    print("--- " + name)
    try:
        _call(getattr(module, name))
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return {"name": name, "ok": False, "report": _traceback(error)}
    return {"name": name, "ok": True, "report": ""}


def _main(results_path, file_path, names):
    root = os.getcwd()
    folder, _, leaf = file_path.rpartition("/")
    sys.path.append(folder)
    module, broken = None, ""
    # Else what the compiler leaves behind keeps the modules far apart, and no long buffer fits between them.
    gc.threshold(16384)
    try:
        module = __import__(leaf[:-3])
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        broken = _traceback(error)
    gc.threshold(-1)
    for name in names:
        if module is None:
            outcome = {"name": name, "ok": False, "report": broken}
        else:
            outcome = _run(module, name, root + "/" + name)
        with open(results_path, "a") as results:
            results.write(json.dumps(outcome) + "\n")


_main(sys.argv[1], sys.argv[2], sys.argv[3:])
