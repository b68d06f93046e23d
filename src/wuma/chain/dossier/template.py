"""What the dossier of a batch of infant formula has to hold: sections, items, limits, and where it is written.

The sections follow the record groups of 《婴幼儿配方乳粉生产企业食品安全追溯信息记录规范》(食药监食监一〔2015〕281号,
chapters 3 to 9). The few limits that stand here are in common use; the standards' own texts were not all at
hand, so quality staff have to check them against the standards in force. For everything else the laboratory's
report states the limit it was held against (the maker's registered formula is narrower than the standard anyway),
and an item that must have a limit and has none is a gap.

Ids are what files and events name, so they are never changed: an item that is no longer wanted is retired.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from wuma.chain.dossier.limits import Limit, SamplingPlan
from wuma.chain.dossier.values import Kind

VERSION: Final = 1


class Section(StrEnum):
    """A part of the dossier."""

    PRODUCT = "product"
    MATERIAL = "material"
    PROCESS = "process"
    EQUIPMENT = "equipment"
    PERSON = "person"
    LAB = "lab"
    RELEASE = "release"
    STORAGE = "storage"
    SALES = "sales"
    RISK = "risk"
    RECALL = "recall"


class Due(StrEnum):
    """By when an item has to be there."""

    QUALITY = "quality"
    """Before the quality release."""
    MARKET = "market"
    """Before the market release."""
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Heading:
    """How a section is called; `subject` says what its items speak of, where they recur."""

    zh: str
    en: str
    clause: str = ""
    subject_zh: str = ""
    subject_en: str = ""

    @property
    def recurs(self) -> bool:
        """Whether the section has its items once for each subject."""
        return bool(self.subject_zh)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is recorded."""

    id: str
    zh: str
    en: str
    section: Section
    kind: Kind = Kind.TEXT
    unit: str = ""
    due: Due = Due.OPTIONAL
    is_public: bool = False
    is_drawn: bool = False
    """It is kept by another context and shown here; nobody enters it."""
    needs_limit: bool = False
    """The one who enters it says the limit it was held against, as the standard's is not in this table."""
    limits: tuple[tuple[int, Limit], ...] = ()
    """By stage of the formula; 0 is every stage that is not named."""
    plan: SamplingPlan | None = None
    stages: tuple[int, ...] = ()
    """Only for these stages; all, when it is empty."""
    clause: str = ""

    def applies_to(self, stage: int | None) -> bool:
        """Whether formula of a stage has this item at all."""
        return not self.stages or stage in self.stages

    def limit(self, stage: int | None) -> Limit | None:
        """Return the limit of the standard for formula of a stage."""
        by_stage = dict(self.limits)
        return by_stage.get(stage or 0) or by_stage.get(0)


RECORDS: Final = "食药监食监一〔2015〕281号"
_LAW: Final = "《食品安全法》第{}条"

HEADINGS: Final[dict[Section, Heading]] = {
    Section.PRODUCT: Heading("产品与配方", "Product and formula", f"{RECORDS} 第3章"),
    Section.MATERIAL: Heading(
        "原辅材料", "Raw and auxiliary materials", f"{RECORDS} 第4章", "物料批次", "Lot"
    ),
    Section.PROCESS: Heading("生产加工", "Processing", f"{RECORDS} 第5章"),
    Section.EQUIPMENT: Heading("设备", "Equipment", f"{RECORDS} 第5章", "设备", "Machine"),
    Section.PERSON: Heading("人员", "People", f"{RECORDS} 第5章", "岗位", "Post"),
    Section.LAB: Heading("成品检验", "Laboratory results", f"{RECORDS} 第6章"),
    Section.RELEASE: Heading("放行", "Release", f"{RECORDS} 第6章"),
    Section.STORAGE: Heading("贮存", "Storage", f"{RECORDS} 第6章"),
    Section.SALES: Heading("销售", "Sales", f"{RECORDS} 第7章"),
    Section.RISK: Heading("投诉与风险", "Complaints and risks", f"{RECORDS} 第8章"),
    Section.RECALL: Heading("召回", "Recall", f"{RECORDS} 第9章"),
}

_Q, _M = Due.QUALITY, Due.MARKET


def _one(least: str | None, most: str | None) -> tuple[tuple[int, Limit], ...]:
    return ((0, _limit(least, most)),)


def _limit(least: str | None, most: str | None) -> Limit:
    return Limit(None if least is None else Decimal(least), None if most is None else Decimal(most))


def _drawn(
    id_: str, zh: str, en: str, section: Section, *, public: bool = True, kind: Kind = Kind.TEXT
) -> Item:
    return Item(id_, zh, en, section, kind, is_public=public, is_drawn=True)


def _text(
    id_: str,
    zh: str,
    en: str,
    section: Section,
    due: Due = Due.OPTIONAL,
    *,
    public: bool = False,
    clause: str = "",
) -> Item:
    return Item(id_, zh, en, section, due=due, is_public=public, clause=clause)


def _day(
    id_: str, zh: str, en: str, section: Section, due: Due = Due.OPTIONAL, *, public: bool = False
) -> Item:
    return Item(id_, zh, en, section, Kind.DATE, due=due, is_public=public)


def _verdict(
    id_: str, zh: str, en: str, section: Section, due: Due = _Q, *, public: bool = False, clause: str = ""
) -> Item:
    return Item(id_, zh, en, section, Kind.VERDICT, due=due, is_public=public, clause=clause)


def _measured(id_: str, zh: str, en: str, unit: str, due: Due = Due.OPTIONAL) -> Item:
    return Item(id_, zh, en, Section.PROCESS, Kind.NUMBER, unit, due, needs_limit=due is not Due.OPTIONAL)


def _nutrient(id_: str, zh: str, en: str, unit: str, due: Due = _Q) -> Item:
    return Item(
        f"lab.{id_}", zh, en, Section.LAB, Kind.NUMBER, f"{unit}/100 kJ", due, is_public=True, needs_limit=True,
        clause="GB 10765/10766/10767-2021",
    )  # fmt: skip


def _contaminant(id_: str, zh: str, en: str, unit: str, most: str | None, clause: str) -> Item:
    limits = () if most is None else _one(None, most)
    return Item(
        f"lab.{id_}", zh, en, Section.LAB, Kind.NUMBER, unit, _Q, is_public=True, needs_limit=most is None,
        limits=limits, clause=clause,
    )  # fmt: skip


def _microbe(
    id_: str, zh: str, en: str, unit: str, plan: SamplingPlan, clause: str, stages: tuple[int, ...] = ()
) -> Item:
    return Item(
        f"lab.{id_}", zh, en, Section.LAB, Kind.SAMPLES, unit, _Q, is_public=True, plan=plan, clause=clause,
        stages=stages,
    )  # fmt: skip


_TEN: Final = Decimal(10)
_NONE: Final = Decimal(0)

ITEMS: Final[tuple[Item, ...]] = (
    # ---- product and formula
    _drawn("product.name", "产品名称", "Product", Section.PRODUCT),
    _drawn("product.brand", "品牌", "Brand", Section.PRODUCT),
    _drawn("product.gtin", "商品条码", "GTIN", Section.PRODUCT),
    _drawn("product.stage", "段位", "Stage", Section.PRODUCT),
    _drawn("product.net_weight", "净含量", "Net content", Section.PRODUCT),
    _drawn("batch.number", "批号", "Batch number", Section.PRODUCT),
    _drawn("batch.produced_on", "生产日期", "Produced on", Section.PRODUCT, kind=Kind.DATE),
    _drawn("batch.expires_on", "保质期至", "Best before", Section.PRODUCT, kind=Kind.DATE),
    _drawn("batch.line", "生产线", "Line", Section.PRODUCT, public=False),
    _drawn("batch.quantity", "赋码数量", "Coded items", Section.PRODUCT, public=False),
    _text("product.registration_no", "产品配方注册号", "Formula registration number", Section.PRODUCT, _Q, public=True,
          clause="《婴幼儿配方乳粉产品配方注册管理办法》"),
    _text("product.standard", "执行标准", "Product standard", Section.PRODUCT, _Q, public=True),
    _text("product.ingredients", "配料表", "Ingredients", Section.PRODUCT, _Q, public=True),
    _text("product.producer", "生产企业", "Producer", Section.PRODUCT, _Q, public=True),
    _text("product.address", "生产地址", "Address of the factory", Section.PRODUCT, _Q, public=True),
    _text("product.licence_no", "食品生产许可证编号", "Production licence", Section.PRODUCT, _Q, public=True,
          clause=_LAW.format("三十五")),
    _text("product.label_version", "标签版本", "Version of the label", Section.PRODUCT),
    # ---- materials, once for each lot
    _text("material.key", "物料标识", "Identifier (GS1)", Section.MATERIAL),
    _text("material.name", "名称", "Name", Section.MATERIAL, _Q, public=True),
    _text("material.supplier", "供应商", "Supplier", Section.MATERIAL, _Q, public=True, clause=_LAW.format("五十")),
    _text("material.origin", "产地", "Origin", Section.MATERIAL, _Q, public=True),
    _text("material.producer", "生产商", "Producer", Section.MATERIAL),
    _text("material.receipt", "进货查验记录", "Receiving record", Section.MATERIAL, _Q, clause=_LAW.format("五十")),
    _text("material.certificate", "合格证明文件", "Certificate of conformity", Section.MATERIAL, _Q,
          clause=_LAW.format("五十")),
    _text("material.inspection", "检验报告编号", "Inspection report", Section.MATERIAL, _Q, public=True),
    _verdict("material.verdict", "检验结论", "Result of inspection", Section.MATERIAL, public=True),
    Item("material.quantity", "投料量", "Quantity used", Section.MATERIAL, Kind.NUMBER, "kg", _Q),
    _day("material.produced_on", "生产日期", "Produced on", Section.MATERIAL),
    _day("material.expires_on", "保质期至", "Best before", Section.MATERIAL),
    _text("material.storage", "贮存条件", "Storage conditions", Section.MATERIAL),
    _text("material.released_by", "放行人", "Released by", Section.MATERIAL),
    # ---- processing
    _text("process.route", "工艺类型", "Process", Section.PROCESS, _Q, public=True),
    Item("process.started_at", "生产开始", "Started", Section.PROCESS, Kind.INSTANT, due=_Q),
    Item("process.finished_at", "生产结束", "Finished", Section.PROCESS, Kind.INSTANT, due=_Q),
    _verdict("process.weighing_checked", "配料称量复核", "Weighing checked by a second person", Section.PROCESS),
    _measured("process.homogenise_pressure", "均质压力", "Homogenising pressure", "MPa"),
    _measured("process.heat_temperature", "杀菌温度", "Heat treatment, temperature", "°C", _Q),
    _measured("process.heat_seconds", "杀菌时间", "Heat treatment, time", "s", _Q),
    _measured("process.solids", "浓缩干物质", "Solids after evaporation", "%"),
    _measured("process.inlet_temperature", "喷雾干燥进风温度", "Spray drying, inlet air", "°C", _Q),
    _measured("process.outlet_temperature", "喷雾干燥排风温度", "Spray drying, outlet air", "°C", _Q),
    _measured("process.blend_minutes", "干混时间", "Dry blending", "min"),
    _measured("process.blend_uniformity", "混合均匀度", "Uniformity of the blend", "%"),
    _measured("process.clean_temperature", "清洁作业区温度", "Clean area, temperature", "°C", _Q),
    _measured("process.clean_humidity", "清洁作业区相对湿度", "Clean area, relative humidity", "%", _Q),
    _verdict("process.clean_area", "清洁作业区监控", "Monitoring of the clean area", Section.PROCESS, public=True,
             clause="GB 23790"),
    _verdict("process.sieve", "筛网完整性", "Sieves intact", Section.PROCESS),
    _verdict("process.metal", "金属探测", "Metal detection", Section.PROCESS, public=True),
    _measured("process.residual_oxygen", "罐内残氧量", "Residual oxygen", "%", _Q),
    _verdict("process.seal", "密封性", "Seal", Section.PROCESS, public=True),
    _measured("process.fill_weight", "灌装净重均值", "Mean filled weight", "g", _Q),
    _verdict("process.line_cleared", "清场", "Line clearance", Section.PROCESS),
    Item("process.input", "投入总量", "Input", Section.PROCESS, Kind.NUMBER, "kg", _Q),
    Item("process.output", "产出总量", "Output", Section.PROCESS, Kind.NUMBER, "kg", _Q),
    _measured("process.balance", "物料平衡率", "Material balance", "%", _Q),
    # ---- equipment and people
    _text("equipment.name", "设备名称", "Machine", Section.EQUIPMENT, _Q),
    _text("equipment.cleaning", "清洁消毒记录", "Cleaning record", Section.EQUIPMENT, _Q, clause="GB 23790"),
    _day("equipment.calibrated_until", "校准有效期至", "Calibrated until", Section.EQUIPMENT),
    _text("person.name", "姓名", "Name", Section.PERSON, _Q),
    _day("person.health_until", "健康证明有效期至", "Health certificate until", Section.PERSON, _Q),
    _text("person.training", "培训记录", "Training", Section.PERSON),
    # ---- the finished product
    _text("lab.report_no", "出厂检验报告编号", "Report number", Section.LAB, _Q, public=True, clause=_LAW.format("五十一")),
    _text("lab.laboratory", "检验机构", "Laboratory", Section.LAB, _Q, public=True),
    _day("lab.sampled_on", "抽样日期", "Sampled on", Section.LAB, _Q, public=True),
    _day("lab.issued_on", "报告日期", "Issued on", Section.LAB, _Q, public=True),
    _verdict("lab.verdict", "检验结论", "Conclusion", Section.LAB, public=True, clause=_LAW.format("八十一")),
    _verdict("lab.sensory", "感官", "Sensory", Section.LAB, public=True, clause="GB 10765/10766/10767-2021"),
    _verdict("lab.net_content", "净含量", "Net content", Section.LAB, public=True),
    Item("lab.energy", "能量", "Energy", Section.LAB, Kind.NUMBER, "kJ/100 mL", _Q, is_public=True, needs_limit=True,
         limits=((1, _limit("250", "295")), (3, _limit("250", "334"))), clause="GB 10765/10766/10767-2021"),
    _nutrient("protein", "蛋白质", "Protein", "g"),
    _nutrient("fat", "脂肪", "Fat", "g"),
    _nutrient("carbohydrate", "碳水化合物", "Carbohydrate", "g"),
    Item("lab.lactose", "乳糖占碳水化合物", "Lactose in carbohydrate", Section.LAB, Kind.NUMBER, "%", is_public=True,
         limits=_one("90", None), stages=(1,), clause="GB 10765-2021"),
    _nutrient("linoleic", "亚油酸", "Linoleic acid", "g"),
    _nutrient("linolenic", "α-亚麻酸", "α-Linolenic acid", "mg"),
    _nutrient("dha", "二十二碳六烯酸", "DHA", "mg", Due.OPTIONAL),
    _nutrient("ara", "二十碳四烯酸", "ARA", "mg", Due.OPTIONAL),
    _nutrient("vitamin_a", "维生素A", "Vitamin A", "μg RE"),
    _nutrient("vitamin_d", "维生素D", "Vitamin D", "μg"),
    _nutrient("vitamin_e", "维生素E", "Vitamin E", "mg α-TE"),
    _nutrient("vitamin_k1", "维生素K1", "Vitamin K1", "μg"),
    _nutrient("vitamin_b1", "维生素B1", "Vitamin B1", "μg"),
    _nutrient("vitamin_b2", "维生素B2", "Vitamin B2", "μg"),
    _nutrient("vitamin_b6", "维生素B6", "Vitamin B6", "μg"),
    _nutrient("vitamin_b12", "维生素B12", "Vitamin B12", "μg"),
    _nutrient("niacin", "烟酸", "Niacin", "μg"),
    _nutrient("folate", "叶酸", "Folic acid", "μg"),
    _nutrient("pantothenic", "泛酸", "Pantothenic acid", "μg"),
    _nutrient("vitamin_c", "维生素C", "Vitamin C", "mg"),
    _nutrient("biotin", "生物素", "Biotin", "μg"),
    _nutrient("choline", "胆碱", "Choline", "mg"),
    _nutrient("sodium", "钠", "Sodium", "mg"),
    _nutrient("potassium", "钾", "Potassium", "mg"),
    _nutrient("copper", "铜", "Copper", "μg"),
    _nutrient("magnesium", "镁", "Magnesium", "mg"),
    _nutrient("iron", "铁", "Iron", "mg"),
    _nutrient("zinc", "锌", "Zinc", "mg"),
    _nutrient("manganese", "锰", "Manganese", "μg"),
    _nutrient("calcium", "钙", "Calcium", "mg"),
    _nutrient("phosphorus", "磷", "Phosphorus", "mg"),
    _nutrient("iodine", "碘", "Iodine", "μg"),
    _nutrient("chloride", "氯", "Chloride", "mg"),
    _nutrient("selenium", "硒", "Selenium", "μg"),
    _contaminant("moisture", "水分", "Moisture", "g/100 g", "5.0", "GB 10765/10766/10767-2021"),
    _contaminant("ash", "灰分", "Ash", "g/100 g", None, "GB 10765/10766/10767-2021"),
    _contaminant("impurity", "杂质度", "Impurity", "mg/kg", None, "GB 10765/10766/10767-2021"),
    _contaminant("lead", "铅", "Lead", "mg/kg", None, "GB 2762"),
    _contaminant("nitrate", "硝酸盐", "Nitrate", "mg/kg", "100", "GB 2762"),
    _contaminant("nitrite", "亚硝酸盐", "Nitrite", "mg/kg", "2.0", "GB 2762"),
    _contaminant("aflatoxin_m1", "黄曲霉毒素M1", "Aflatoxin M1", "μg/kg", "0.5", "GB 2761"),
    _contaminant("melamine", "三聚氰胺", "Melamine", "mg/kg", "1", "卫生部等五部门公告 2011年第10号"),
    _microbe("plate_count", "菌落总数", "Aerobic plate count", "CFU/g",
             SamplingPlan(5, 2, Decimal(1000), Decimal(10000)), "GB 10765/10766/10767-2021"),
    _microbe("coliforms", "大肠菌群", "Coliforms", "CFU/g", SamplingPlan(5, 2, _TEN, Decimal(100)),
             "GB 10765/10766/10767-2021"),
    _microbe("staphylococcus", "金黄色葡萄球菌", "Staphylococcus aureus", "CFU/g",
             SamplingPlan(5, 2, _TEN, Decimal(100)), "GB 29921"),
    _microbe("salmonella", "沙门氏菌", "Salmonella", "/25 g", SamplingPlan(5, 0, _NONE), "GB 29921"),
    _microbe("cronobacter", "克罗诺杆菌属（阪崎肠杆菌）", "Cronobacter", "/100 g", SamplingPlan(3, 0, _NONE), "GB 29921",
             stages=(1,)),
    _text("lab.retained", "留样数量", "Retained samples", Section.LAB, _Q),
    _day("lab.retained_until", "留样至", "Retained until", Section.LAB, _Q),
    # ---- release
    _drawn("release.quality", "质量放行", "Quality release", Section.RELEASE),
    _drawn("release.market", "上市放行", "Market release", Section.RELEASE),
    # ---- storage, sales
    _text("storage.warehouse", "成品仓库", "Warehouse", Section.STORAGE, _M),
    _text("storage.conditions", "贮存条件", "Storage conditions", Section.STORAGE, _M, public=True),
    _text("storage.inbound_no", "入库单号", "Inbound document", Section.STORAGE, _M),
    _drawn("storage.events", "出入库记录", "Storage events", Section.STORAGE, public=False),
    _drawn("storage.alarms", "温湿度报警", "Excursions", Section.STORAGE, public=False),
    _drawn("sales.events", "发货与流通记录", "Shipments and sales", Section.SALES, public=False),
    _text("sales.transport", "运输要求", "Transport conditions", Section.SALES, public=True),
    # ---- after the sale
    _drawn("risk.complaints", "消费者反馈", "Consumers' reports", Section.RISK, public=False),
    _text("risk.assessment", "风险评估", "Assessment of risks", Section.RISK),
    _drawn("recall.notice", "召回", "Recall", Section.RECALL),
    _text("recall.disposal", "召回产品处置", "What became of recalled goods", Section.RECALL,
          clause=_LAW.format("六十三")),
)  # fmt: skip

BY_ID: Final[dict[str, Item]] = {item.id: item for item in ITEMS}
assert len(BY_ID) == len(ITEMS)


def items_for(stage: int | None) -> list[Item]:
    """Return the items that the dossier of formula of a stage has, in the order of the dossier."""
    return [item for item in ITEMS if item.applies_to(stage)]
