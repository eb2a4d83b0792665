"""Where somebody without a token in their browser is asked for one; a page without scripts."""

from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · segml</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
  place-items: center; background: Canvas; color: CanvasText; }}
main {{ width: min(24rem, 88vw); }}
h1 {{ font-size: 1.5rem; margin: 0 0 .5rem; }}
label {{ display: block; margin: 1.5rem 0 .25rem; font-weight: 600; }}
input {{ width: 100%; box-sizing: border-box; font: inherit; padding: .6rem .75rem;
  border: 1px solid GrayText; border-radius: .5rem; background: Field; color: FieldText; }}
button {{ margin-top: 1rem; font: inherit; font-weight: 600; padding: .6rem 1.25rem; border: 0;
  border-radius: .5rem; background: #364fc7; color: #fff; }}
.failed {{ border-left: 4px solid #c92a2a; padding-left: .75rem; }}
</style>
<main>
<h1>segml</h1>
<p>Your customers are behind this door. Sign in with the token that an admin gave you.</p>
{failed}
<form method="post" action="/signin">
<input type="hidden" name="next" value="{ahead}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required>
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
