"""Google Business Profile: reviews of our places on Google Maps and in Search, each with one public answer of ours."""

from hark.channels.google_business.venue import GoogleBusiness

__all__ = ["GoogleBusiness"]
