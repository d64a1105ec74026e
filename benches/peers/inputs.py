"""The releases, in the layout of each program, and the configurations to work on them."""

import os
import re
import shutil
import subprocess
import sys
import urllib.parse

# The smallest files of their kind that anything takes for one.
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6300010000050001"
    "0d0a2db40000000049454e44ae426082"
)
UPLOAD = re.compile(r'"/uploads/([^"]+)"')

CONFIG = """\
[site]
title = "Espace presse"
url = "https://presse.example.org"
[content]
folder = {content}
uploads = {uploads}
quiet = "0s"
[database]
url = "sqlite://var/depeche.sqlite"
[http]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:0"
[newsletter]
from = "Service presse <presse@presse.example.org>"
[[relay]]
kind = "directory"
folder = "var/mail"
[log]
format = "text"
level = "warn"
"""


def corpus(chosen, size, flavor):
    """The folder of the releases in this layout; made when it is not there."""
    name = f"{flavor}-{size}-{chosen.tags}-{chosen.categories}-{chosen.seed}"
    name += "-documents" if chosen.documents and flavor == "jekyll" else ""
    folder = chosen.work / "corpora" / name
    if folder.exists():
        return folder
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    command = [sys.executable, chosen.generator, "--releases", size, "--tags", chosen.tags]
    command += ["--categories", chosen.categories, "--seed", chosen.seed, "--flavor", flavor, unfinished]
    subprocess.run([str(part) for part in command], check=True)
    if chosen.documents and flavor == "jekyll":
        _make_documents(unfinished)
    unfinished.rename(folder)
    return folder


def releases(folder):
    """The files of the releases, by the number that ends their names: the same in every layout."""
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".md"):
                files[int(name[-9:-3])] = os.path.join(place, name)
    return files


def warm(folder):
    """Reads every file once, so that no run pays for the disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                file.read()


def newsroom(folder, content, port=0):
    """Writes a configuration of Depeche's into `folder`, which becomes its working folder."""
    folder.mkdir(parents=True, exist_ok=True)
    uploads = content / "uploads"
    text = CONFIG.format(content=_quoted(content), uploads=_quoted(uploads), port=port)
    (folder / "config.toml").write_text(text, encoding="utf-8")


def hugo_site(chosen, folder):
    """Writes a site of Hugo's into `folder`, without releases."""
    shutil.copytree(os.path.join(chosen.peers, "hugo"), folder)


def _make_documents(folder):
    uploads = folder / "uploads"
    uploads.mkdir()
    for path in releases(folder).values():
        with open(path, encoding="utf-8") as file:
            for name in UPLOAD.findall(file.read()):
                name = urllib.parse.unquote(name)
                (uploads / name).write_bytes(PDF if name.endswith(".pdf") else PNG)


def _quoted(path):
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
