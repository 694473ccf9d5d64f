"""How long the radio waits for whom: every time limit in one place, each with the reason for its number."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from maixun.configuration import Settings

Seconds = Annotated[float, Field(gt=0)]
Times = Annotated[int, Field(gt=0)]


class Patience(Settings):
    """All in seconds, save what is counted. The defaults suit real meters; `radio` in gateway.yaml changes some."""

    idle: Seconds = 20.0
    """No packet for so long ends a visit: meters send records back to back, the slowest seen pause a few seconds
    between two; some leave the link open for ever after the last one, and a dead link can look alive on BlueZ."""

    visit: Seconds = 300.0
    """A whole visit. A full memory of 1,000 records at the slow end (5 a second) takes 200 s; whatever lasts longer
    keeps the other meters waiting and is resumed at its next turn."""

    connect_attempts: Times = 3
    """Each may take 20 s. Radio trouble passes at the second or third try; a meter that went to sleep never answers,
    and the queue behind it should not wait longer than a minute."""

    revisit: Seconds = 3.0
    """Pause before a meter is visited again after a visit that brought something: long enough that BlueZ has told of
    the end of the last link (which looks like an advertisement), short enough to catch a meter that lost the link."""

    fruitless: Seconds = 30.0
    """The most a meter waits after visits that brought nothing (the pause doubles up to here). Cuffs advertise for
    about a minute after a measurement: a fresh one is met in any case, and an idle meter's battery is spared."""

    between_people: Seconds = 5.0
    """Nothing more of one person's records for so long: the scale is asked for the next person's. It has at most a few
    new ones of each and sends them back to back; whoever comes late is there at the next visit."""

    spell: Seconds = 15.0
    """How long a sensor that sends as long as it is worn is listened to: long enough that its value has settled."""

    sensor_rest: Seconds = 300.0
    """A worn sensor is visited again after so long: continuous glucose has a new record each 5 minutes, and a belt
    would otherwise take the radio for itself."""

    completion: Seconds = 20.0
    """A weighing that is advertised without its impedance waits so long for it: scales take 5 to 10 s to measure it,
    and never do through socks."""

    failures: Times = 5
    """Visits in a row that fail before a meter is left alone: trouble on the air is over by then, and a code that
    nobody types was asked for often enough."""

    left_alone: Seconds = 600.0
    """For so long; one more visit follows, and so on. The other meters get the radio meanwhile."""

    gone: Seconds = 60.0
    """A meter that was left alone and not heard for so long comes back with a new measurement: it is visited at once.
    Nothing that advertises on its own is silent for a minute."""

    passkey: Seconds = 28.0
    """A person has so long to type the code that a meter shows. Bluetooth gives up 30 s after the meter's last word;
    then the meter shows another code at its next visit."""

    silence: Seconds = 300.0
    """No advertisement of anything at all for so long: the scan has died, as it does after hours, and is begun anew;
    the second time the adapter is switched off and on. Where no other Bluetooth device is near this happens for
    nothing, so not more often than this."""

    adapter: Seconds = 10.0
    """Time between two looks whether the adapter is there and on, and before asking again for one that is not: what is
    plugged in, or a service that starts, is found soon enough, and the log stays readable."""

    disk: Seconds = 5.0
    """Pause before packets that a full disk refused, and that the meter has already forgotten, are tried again."""
