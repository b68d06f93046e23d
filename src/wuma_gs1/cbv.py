"""The words of the Core Business Vocabulary, CBV 2.0: what EPCIS events say, and what it means.

Each word is what JSON documents hold (`shipping`); `.uri` is its web address, which XML may hold and
hashes do, `.urn` the spelling of CBV 1.2, `.definition` one sentence in plain English. The definitions
are ours, shorter than the standard's and no replacement for them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from wuma_gs1.errors import ParseError, shown

CBV_ADDRESS = "https://ref.gs1.org/cbv/"


class Word(StrEnum):
    """A word of a vocabulary that can be written in three ways."""

    definition: str

    def __new__(cls, value: str, definition: str = "") -> Self:
        """Make a member of its bare word and what it means."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.definition = definition
        return member

    @property
    def uri(self) -> str:
        """The web address: `https://ref.gs1.org/cbv/BizStep-shipping`."""
        return f"{CBV_ADDRESS}{_SPELLINGS[type(self)][0]}-{self.value}"

    @property
    def urn(self) -> str:
        """The URN of CBV 1.2: `urn:epcglobal:cbv:bizstep:shipping`."""
        return f"urn:epcglobal:cbv:{_SPELLINGS[type(self)][1]}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a word in any of its spellings.

        >>> BizStep.parse("https://ref.gs1.org/cbv/BizStep-shipping").definition
        'all of staging, loading and departing, where no finer step is known'
        >>> BizStep.parse("cbv:BizStep-shipping") is BizStep.parse("urn:epcglobal:cbv:bizstep:shipping")
        True

        Raises:
            ParseError: if it is no word of this vocabulary.
        """
        web, urn = _SPELLINGS[cls]
        beginnings = (f"{CBV_ADDRESS}{web}-", f"cbv:{web}-", f"urn:epcglobal:cbv:{urn}:")
        word = next((text.removeprefix(each) for each in beginnings if text.startswith(each)), text)
        if word not in cls._value2member_map_:
            raise ParseError(f"{cls.__name__} {shown(text)}: expected a word of CBV 2.0")
        return cls(word)


class BizStep(Word):
    """What was being done when the event happened (CBV 2.0 section 7.1)."""

    ACCEPTING = (
        "accepting",
        "the goods change hands: possession or ownership passes to the one who takes them",
    )
    ARRIVING = "arriving", "the goods reach a place, and are not yet taken into its stock"
    ASSEMBLING = "assembling", "parts become one product and can still be told apart in it"
    COLLECTING = "collecting", "used goods are picked up for disposal, recycling or another life"
    COMMISSIONING = (
        "commissioning",
        "an identifier is tied to an object, or a class identifier is used for the first time",
    )
    CONSIGNING = (
        "consigning",
        "all of staging, loading, departing and accepting, where no finer step is known",
    )
    CREATING_CLASS_INSTANCE = (
        "creating_class_instance",
        "more of a lot or class comes to be, as often as needed",
    )
    CYCLE_COUNTING = "cycle_counting", "stock is counted for the business's own needs, not for its accounts"
    DECOMMISSIONING = (
        "decommissioning",
        "the identifier is taken off its object, which may get one again later",
    )
    DEPARTING = "departing", "the goods leave a place for their destination"
    DESTROYING = "destroying", "the object ends; nothing should be heard of it again"
    DISASSEMBLING = "disassembling", "an object is taken apart into parts that are identified one by one"
    DISPENSING = "dispensing", "a product, or part of one, is handed to a consumer or patient"
    ENCODING = "encoding", "an identifier is written into a barcode or tag that is not yet on an object"
    ENTERING_EXITING = "entering_exiting", "a customer goes in or out of the door with the product"
    HOLDING = "holding", "the object is set apart for a closer look"
    INSPECTING = "inspecting", "the object is looked over for defects and stays fit for sale"
    INSTALLING = "installing", "a part goes into a composite object that existed before"
    KILLING = "killing", "the RFID tag ends; the object and its identifier may live on"
    LOADING = "loading", "the goods go onto a means of transport"
    OTHER = "other", "a step for which the vocabulary has no word"
    PACKING = "packing", "goods go into a larger unit, usually for shipping"
    PICKING = "picking", "goods are selected to fill an order"
    RECEIVING = "receiving", "the goods are taken into the receiver's stock"
    REMOVING = "removing", "a part is taken out of a composite object"
    REPACKAGING = "repackaging", "the packaging of an object is changed"
    REPAIRING = "repairing", "a faulty product is put right without replacing it"
    REPLACING = "replacing", "an object is exchanged for another"
    RESERVING = "reserving", "identifiers are set aside for another party and not yet used"
    RETAIL_SELLING = "retail_selling", "ownership passes to a customer at a point of sale"
    SAMPLING = "sampling", "portions are taken for testing and usually cannot be sold afterwards"
    SENSOR_REPORTING = "sensor_reporting", "a sensor tells the condition of an object or place"
    SHIPPING = "shipping", "all of staging, loading and departing, where no finer step is known"
    STAGING_OUTBOUND = "staging_outbound", "goods move to where they wait for the carrier"
    STOCK_TAKING = "stock_taking", "stock is counted by the rules of accounting"
    STOCKING = "stocking", "goods are put where customers or pickers can take them"
    STORING = "storing", "goods move into and out of storage within a place"
    TRANSPORTING = "transporting", "a vehicle moves the goods from place to place"
    UNLOADING = "unloading", "the goods come off a means of transport"
    UNPACKING = "unpacking", "goods are taken out of a larger unit"
    VOID_SHIPPING = "void_shipping", "goods that an earlier event shipped were not shipped after all"


class Disposition(Word):
    """In which state the objects are after the event (CBV 2.0 section 7.2)."""

    ACTIVE = "active", "commissioned just now and in the supply chain"
    AVAILABLE = "available", "back in service or in the supply chain, after a repair for instance"
    COMPLETENESS_INFERRED = "completeness_inferred", "taken to be complete without having been opened"
    COMPLETENESS_VERIFIED = "completeness_verified", "opened, counted and found complete"
    CONFORMANT = "conformant", "inspected and passed"
    CONTAINER_CLOSED = "container_closed", "loaded, doors closed, sealed"
    CONTAINER_OPEN = "container_open", "doors opened or seal broken, rightly or not"
    DAMAGED = "damaged", "less useful or worth less for a defect"
    DESTROYED = "destroyed", "beyond all use"
    DISPENSED = "dispensed", "handed to a consumer whole"
    DISPOSED = "disposed", "given back for disposal"
    ENCODED = "encoded", "the identifier is written and not yet in use"
    EXPIRED = "expired", "past its date"
    IN_PROGRESS = "in_progress", "on its normal way through the supply chain"
    IN_TRANSIT = "in_transit", "between two trading partners"
    INACTIVE = "inactive", "decommissioned, and may come back"
    MISMATCH_CLASS = "mismatch_class", "other classes came than were expected"
    MISMATCH_INSTANCE = "mismatch_instance", "other instances came than were expected"
    MISMATCH_QUANTITY = "mismatch_quantity", "another quantity came than was expected"
    NEEDS_REPLACEMENT = "needs_replacement", "parts must be replaced before it works as it should"
    NO_PEDIGREE_MATCH = "no_pedigree_match", "no matching pedigree was found: quarantined"
    NON_CONFORMANT = "non_conformant", "inspected and failed"
    NON_SELLABLE_OTHER = (
        "non_sellable_other",
        "not to be sold, for another reason than those that have a word",
    )
    PARTIALLY_DISPENSED = "partially_dispensed", "part of it is handed out, the rest is kept"
    RECALLED = "recalled", "not to be sold, for public safety"
    RESERVED = "reserved", "the identifier is set aside for a third party"
    RETAIL_SOLD = "retail_sold", "bought by a customer"
    RETURNED = "returned", "sent or brought back; whether it can be sold is open"
    SELLABLE_ACCESSIBLE = "sellable_accessible", "for sale, and customers can reach it"
    SELLABLE_NOT_ACCESSIBLE = "sellable_not_accessible", "for sale, and customers cannot reach it"
    STOLEN = "stolen", "taken without permission"
    UNAVAILABLE = "unavailable", "out of service or out of the supply chain, for repair for instance"
    UNKNOWN = "unknown", "nobody knows"


class BusinessTransactionType(Word):
    """Which kind of document a business transaction is (CBV 2.0 section 7.3)."""

    BOL = "bol", "bill of lading: the carrier's receipt and terms"
    CERT = "cert", "certificate, usually by a third party"
    DESADV = "desadv", "despatch advice, also called advance shipment notice"
    INV = "inv", "invoice"
    PEDIGREE = "pedigree", "record of who owned or held the product"
    PO = "po", "purchase order"
    POC = "poc", "purchase order confirmation"
    PRODORDER = "prodorder", "production order within a company"
    RECADV = "recadv", "receiving advice: what came, compared with what was announced"
    RMA = "rma", "return merchandise authorisation"
    TESTPRD = "testprd", "test procedure"
    TESTRES = "testres", "test result"
    UPEVT = "upevt", "earlier event of a supplier on which this one relies"


class SourceDestinationType(Word):
    """In which respect something is source or destination of a transfer (CBV 2.0 section 7.4)."""

    LOCATION = "location", "the physical place at that end"
    OWNING_PARTY = "owning_party", "who owns the objects at that end"
    POSSESSING_PARTY = "possessing_party", "who has the objects in hand at that end"


class ErrorReason(Word):
    """Why an earlier event is declared wrong (CBV 2.0 section 7.5)."""

    DID_NOT_OCCUR = "did_not_occur", "it never happened"
    INCORRECT_DATA = "incorrect_data", "it happened, and some of its data are wrong"


class SensorComponent(Word):
    """Which component of a vector or position a sensor reports (CBV 2.0 section 7)."""

    X = "x", "along the x axis"
    Y = "y", "along the y axis"
    Z = "z", "along the z axis"
    AXIAL_DISTANCE = "axial_distance", "distance from the axis of cylindrical coordinates"
    AZIMUTH = "azimuth", "angle from the x axis in the x-y plane"
    HEIGHT = "height", "along the axis of cylindrical coordinates"
    SPHERICAL_RADIUS = "spherical_radius", "distance from the centre of spherical coordinates"
    POLAR_ANGLE = "polar_angle", "angle from the z axis"
    ELEVATION_ANGLE = "elevation_angle", "angle from the x-y plane"
    EASTING = "easting", "towards the east"
    NORTHING = "northing", "towards the north"
    LATITUDE = "latitude", "angle from the equatorial plane"
    LONGITUDE = "longitude", "angle east of the prime meridian"
    ALTITUDE = "altitude", "height above a defined surface such as the sea"


_SPELLINGS: dict[type[Word], tuple[str, str]] = {
    BizStep: ("BizStep", "bizstep"),
    Disposition: ("Disp", "disp"),
    BusinessTransactionType: ("BTT", "btt"),
    SourceDestinationType: ("SDT", "sdt"),
    ErrorReason: ("ER", "er"),
    SensorComponent: ("Comp", "comp"),
}

GS1_VOCABULARY_ADDRESS = "https://gs1.org/voc/"
MEASUREMENT_TYPES = frozenset(
    """
    AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area
    Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent
    DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent ElectricCurrentDensity
    ElectricFieldStrength Energy Exposure Force Frequency Illuminance Inductance Irradiance
    KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity MagneticFlux
    MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate MassPerAreaTime
    MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume
    Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate
    VolumeFraction VolumetricFlux Wavenumber
    """.split()
)
"""What a sensor report can be of, words of the GS1 Web vocabulary (CBV 2.0 section 7)."""

SENSOR_ALERTS = frozenset({"ALARM_CONDITION", "ERROR_CONDITION"})
"""What a sensor report without a value can say (CBV 2.0 section 7)."""
