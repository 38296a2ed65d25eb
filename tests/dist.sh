# What is shipped: the tool as one file, the list of what is in it (CycloneDX), and their sums.
# The list is read from the file itself: it is unpacked where Python looks for packages, in a venv that has nothing else.
set -eu
rm -rf dist .cache/dist
mkdir -p dist .cache
python=.venv/bin/python
$python - <<PYTHON
import json, pathlib
from ospreyops import __version__
from ospreyops.daemon import bundle
bundle.build(pathlib.Path("dist/osprey.pyz"))
about = {"name": "osprey", "version": __version__, "dependencies": bundle.VENDORED}
rows = [f"{key} = {json.dumps(value)}" for key, value in about.items()]
pathlib.Path(".cache/dist.toml").write_text("\n".join(["[project]", *rows, ""]))
PYTHON
$python -m venv --without-pip .cache/dist
$python -m zipfile -e dist/osprey.pyz "$(.cache/dist/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
.venv/bin/cyclonedx-py environment --pyproject .cache/dist.toml --mc-type application --output-reproducible \
    --of JSON --output-file dist/osprey.cdx.json .cache/dist
rm -rf .cache/dist .cache/dist.toml
cd dist
{ sha256sum osprey.* || shasum -a 256 osprey.*; } >SHA256SUMS 2>/dev/null
cat SHA256SUMS
