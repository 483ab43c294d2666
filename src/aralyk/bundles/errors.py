"""Why a bundle can't be made; each is the caller's to mend, none leaves a file behind."""


class BundleRefused(Exception):
    """No bundle was written; the message names what was expected and what was found."""


class NoSuchIncident(BundleRefused):
    """There is no such incident."""


class RenditionRefused(BundleRefused):
    """Only the sealed rendition, for court and prosecutor, can be made."""


class NotSealedInTime(BundleRefused):
    """The sequencer did not sign in time: it does not run, or is far behind."""


class BundleTooLarge(BundleRefused):
    """More lines than one archive holds."""
