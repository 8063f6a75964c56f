"""What a Tentacle's listener answers to a web browser (tentacle.md §9, "Page")."""

from __future__ import annotations

_CONTENT = """
<!doctype html>
<html>
<head>
    <meta charset='utf-8'>
    <title>Octopus Tentacle</title>
</head>
<body>
    <h1>Octopus Tentacle configured successfully</h1>
    <p>If you can view this page, your Octopus Tentacle is configured and ready to accept deployment commands.</p>
    <p>This landing page is displayed when no X509 certificate is provided. Only Octopus Servers with a trusted \
certificate can control this Tentacle.</p>
</body>
</html>"""
_HEADERS = (
    "HTTP/1.0 200 OK",
    "Content-Type: text/html; charset=utf-8",
    f"Content-Length: {len(_CONTENT)}",
    "Content-Security-Policy: default-src 'none'; img-src 'self'",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    "X-Frame-Options: DENY",
    "X-XSS-Protection: 1; mode=block",
    "Strict-Transport-Security: max-age=31536000",
)
# Two line ends follow the page; they are not in its length (Halibut's SecureListener.SendFriendlyHtmlPage).
RESPONSE = ("\r\n".join((*_HEADERS, "", _CONTENT)) + "\r\n\r\n").encode()
