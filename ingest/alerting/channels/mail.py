"""Mail by SMTP. A server's 4xx is tried again, its 5xx is a wrong address or a wrong account."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage

from ingest.alerting.channels.message import Message
from ingest.alerting.channels.outcome import MendAddress, MendChannel, NotSent, TryAgain
from ingest.alerting.channels.settings import Mail


class MailSender:
    """One connection a message: they are few, and none is kept open for hours. `password` may be empty."""

    def __init__(self, channel: Mail, password: str) -> None:
        self._channel, self._password = channel, password

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`, `MendAddress`."""
        try:
            with self._connection() as server:
                server.send_message(_mail(self._channel.sender, message))
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise (TryAgain if code < 500 else MendAddress)(f"SMTP {code}") from None
        except smtplib.SMTPResponseException as error:
            raise _refused(error) from None
        except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
            raise MendChannel(f"the server's security is not as configured ({type(error).__name__})") from None
        except (smtplib.SMTPException, OSError) as error:
            raise TryAgain(f"no answer ({type(error).__name__})") from None

    def _connection(self) -> smtplib.SMTP:
        channel = self._channel
        if channel.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                channel.host, channel.port, timeout=channel.timeout_seconds, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(channel.host, channel.port, timeout=channel.timeout_seconds)
        try:
            if channel.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if channel.user:
                server.login(channel.user, self._password)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server


def _refused(error: smtplib.SMTPResponseException) -> NotSent:
    kind = TryAgain if 400 <= error.smtp_code < 500 else MendChannel
    return kind(f"SMTP {error.smtp_code}")


def _mail(sender: str, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["From"] = sender
    mail["To"] = Address(addr_spec=message.address)
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2] or 'maixun'}>"  # a repetition is recognised by it
    mail.set_content(message.text)
    return mail
