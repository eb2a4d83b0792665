"""The routes of the JSON API, a file per noun."""
