"""The interpreter and uv, which makes every release's virtual environment."""

from pyinfra import host
from pyinfra.api import deploy

from slackwater.engine import until
from slackwater.resources import resource

UV = "/opt/slackwater/uv"
INSTALL = f"""# install uv into {UV}, its hash checked
set -eu
umask 022
new=$(mktemp) variables=$(mktemp); trap 'rm -f "$new" "$variables"' EXIT; cat > "$new"
# A proxy or an own certificate authority stands here; sudo and boot forget it. It is no shell: do not source it.
grep -E '^(export )?[A-Za-z_][A-Za-z0-9_]*=' /etc/environment > "$variables" 2>/dev/null || true
while IFS= read -r line; do
  line=${{line#export }} value=$(printf %s "${{line#*=}}" | tr -d '\\042\\047')
  export "${{line%%=*}}=$value"
done < "$variables"
rm -rf {UV}
mkdir -p {UV} /var/cache/slackwater/uv
# pip runs from the wheel that python3-venv brings: an environment for it alone would take longer than all the rest.
pip=$(echo /usr/share/python-wheels/pip-*.whl)/pip
/usr/bin/python3 -I "$pip" install --quiet --disable-pip-version-check --no-input --no-cache-dir \
  --root-user-action ignore --only-binary :all: --no-compile --require-hashes --target {UV} -r "$new"
sync -f {UV}
install -m 644 "$new" {UV}/requirements.txt
"""
"""The list of what is installed is written last: a run that died before is done again, from the beginning."""


@deploy("python")
def python() -> None:
    """uv from its pinned, hashed wheel, in a place of its own: the distribution has none."""
    if not {"app", "worker"} & set(host.groups):
        return
    wanted = resource("requirements/uv.txt").read_text()
    until(
        name="uv",
        question=f"cat {UV}/requirements.txt 2>/dev/null || true",
        answer=wanted,
        command=INSTALL,
        stdin=wanted,
    )
