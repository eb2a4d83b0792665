"""Where somebody without a token in their browser is asked for one; a page without scripts."""

from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · segml</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; --ground: #faf9f7; --surface: #fff; --line: #dddad4;
  --ink: #242120; --quiet: #68635c; --accent: #2b6d54; --bad: #b3261e; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ground: #191817; --surface: #211f1e;
  --line: #393633; --ink: #e4e1dc; --quiet: #a7a29a; --bad: #ff9d94; }} }}
* {{ box-sizing: border-box; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
  place-items: center; background: var(--ground); color: var(--ink); }}
main {{ width: min(25rem, 92vw); padding: 2rem; background: var(--surface);
  border: 1px solid var(--line); border-radius: 14px; }}
h1 {{ font-size: 1.375rem; margin: .75rem 0 .25rem; }}
p {{ margin: 0; color: var(--quiet); font-size: .9375rem; }}
label {{ display: block; margin: 1.5rem 0 .25rem; font-size: .875rem; font-weight: 600; }}
input {{ width: 100%; font: inherit; padding: .6rem .75rem; color: inherit;
  border: 1px solid var(--quiet); border-radius: .5rem; background: var(--ground); }}
button {{ width: 100%; margin-top: 1rem; font: inherit; font-weight: 600; padding: .6rem 1.25rem;
  border: 0; border-radius: .5rem; background: var(--accent); color: #fff; cursor: pointer; }}
:is(input, button):focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px; }}
.failed {{ margin-top: 1rem; border-left: 3px solid var(--bad); padding-left: .75rem;
  color: var(--bad); }}
</style>
<main>
<svg width="32" height="32" viewBox="0 0 32 32" aria-hidden="true">
<circle cx="12" cy="16" r="9.5" fill="#2b6d54"/>
<circle cx="20" cy="16" r="9.5" fill="#92c4af" fill-opacity=".8"/>
</svg>
<h1>Sign in to segml</h1>
<p>Use the link or the token that an admin gave you.</p>
{failed}
<form method="post" action="/signin">
<input type="hidden" name="next" value="{ahead}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required
autofocus>
<button type="submit">Sign in</button>
</form>
</main>
</html>
"""
_FAILED: Final = (
    '<p class="failed" role="alert">That token is not known, or has ended. '
    "Ask an admin for another.</p>"
)


def form(ahead: str, *, failed: bool) -> HTMLResponse:
    """Return the page, with status 401; whoever signs in is led on to `ahead`."""
    page = _PAGE.format(ahead=escape(ahead), failed=_FAILED if failed else "")
    return HTMLResponse(page, 401, {"WWW-Authenticate": 'Bearer realm="segml"'})
