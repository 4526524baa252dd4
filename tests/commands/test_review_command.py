"""``vidfer review`` as a program: tells its address, serves until Ctrl-C, and says what was done."""

import json
import re
import signal
import subprocess
import sys
import urllib.request

from review_runs import write_review_run


def test_it_serves_until_ctrl_c_and_goes_on_where_it_was(tmp_path):
    run = write_review_run(tmp_path)
    for start in range(2):
        command = [sys.executable, "-m", "vidfer", "review", str(run), "--address-only"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
            lines = [program.stdout.readline() for _ in range(3)]
            assert "4 clips" in lines[0] and "round1.csv" in lines[0]
            address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", lines[1])[0]
            body = json.dumps({"place": start, "word": "ok"}).encode()
            origin = address[: address.index("/", 7)]
            headers = {"Origin": origin, "Content-Type": "application/json"}
            urllib.request.urlopen(urllib.request.Request(f"{address}say", body, headers)).read()
            program.send_signal(signal.SIGINT)
            rest = program.stdout.read()
        assert program.returncode == 0 and f"{start + 1} of 4 clips have a word" in rest
