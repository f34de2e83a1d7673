"""A stand-in for llama.cpp's server: asks and reads as the files beside the model say, and writes what it was asked.

Run as `llama-server -m FOLDER/model.gguf --host HOST --port PORT …`, with the key in LLAMA_API_KEY. With
FAKE_LLAMA_ERROR it says that and ends.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer


def main(words: list[str]) -> None:
    if error := os.environ.get("FAKE_LLAMA_ERROR"):
        sys.exit(error)
    options = dict(zip(words[::2], words[1::2], strict=False))
    folder = Path(options["-m"]).parent
    settings = json.loads((folder / "prompt.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def answer(path: str, asked: dict[str, Any]) -> dict[str, Any]:
        if path == "/apply-template":
            return {"prompt": f"{settings['before']}{asked['messages'][-1]['content']}{settings['after']}"}
        if path == "/tokenize":
            ids = tokenizer.encode(asked["content"], add_special_tokens=settings["adds_special_tokens"]).ids
            return {"tokens": ids}
        written = f" {asked['messages'][-1]['content']}, {asked['max_tokens']} "
        return {"choices": [{"message": {"content": written}}]}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, {"status": "ok"})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_known = self.headers["Authorization"] == f"Bearer {os.environ['LLAMA_API_KEY']}"
            self._say(200, answer(self.path, asked)) if is_known else self._say(401, {})

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    HTTPServer((options["--host"], int(options["--port"])), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
