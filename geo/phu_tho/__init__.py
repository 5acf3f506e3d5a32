"""The province of Phú Thọ as it was before July 2025: districts, communes, offices, rivers."""

from geo.phu_tho.tables import Commune as Commune
from geo.phu_tho.tables import District as District
from geo.phu_tho.tables import Office as Office
from geo.phu_tho.tables import bridges as bridges
from geo.phu_tho.tables import commune_periods as commune_periods
from geo.phu_tho.tables import communes as communes
from geo.phu_tho.tables import data_version as data_version
from geo.phu_tho.tables import district as district
from geo.phu_tho.tables import districts as districts
from geo.phu_tho.tables import hub as hub
from geo.phu_tho.tables import offices as offices
from geo.phu_tho.tables import rivers as rivers
