"""The builder in a notebook: the page's own, over a workspace of this process or a service."""
