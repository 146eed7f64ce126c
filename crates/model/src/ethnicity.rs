//! Codes of ethnic groups of GB/T 3304, with their names. Registers send the code; older data write a name, also
//! one that is no longer used.

use std::fmt;

use crate::fold::typed_number;
use crate::language::Language;

/// Code and name in every language.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// The 56 groups, and two codes for who belongs to none of them.
const GROUPS: [Row; 58] = [
    ("01", "汉族", "Han", "Hán"),
    ("02", "蒙古族", "Mongol", "Mông Cổ"),
    ("03", "回族", "Hui", "Hồi"),
    ("04", "藏族", "Tibetan", "Tạng"),
    ("05", "维吾尔族", "Uygur", "Duy Ngô Nhĩ"),
    ("06", "苗族", "Miao", "Miêu"),
    ("07", "彝族", "Yi", "Di"),
    ("08", "壮族", "Zhuang", "Choang"),
    ("09", "布依族", "Buyei", "Bố Y"),
    ("10", "朝鲜族", "Korean", "Triều Tiên"),
    ("11", "满族", "Manchu", "Mãn"),
    ("12", "侗族", "Dong", "Động"),
    ("13", "瑶族", "Yao", "Dao"),
    ("14", "白族", "Bai", "Bạch"),
    ("15", "土家族", "Tujia", "Thổ Gia"),
    ("16", "哈尼族", "Hani", "Cáp Nê"),
    ("17", "哈萨克族", "Kazak", "Kazakh"),
    ("18", "傣族", "Dai", "Thái"),
    ("19", "黎族", "Li", "Lê"),
    ("20", "傈僳族", "Lisu", "Lật Túc"),
    ("21", "佤族", "Va", "Ngõa"),
    ("22", "畲族", "She", "Xa"),
    ("23", "高山族", "Gaoshan", "Cao Sơn"),
    ("24", "拉祜族", "Lahu", "La Hủ"),
    ("25", "水族", "Sui", "Thủy"),
    ("26", "东乡族", "Dongxiang", "Đông Hương"),
    ("27", "纳西族", "Naxi", "Nạp Tây"),
    ("28", "景颇族", "Jingpo", "Cảnh Pha"),
    ("29", "柯尔克孜族", "Kirgiz", "Kirgiz"),
    ("30", "土族", "Tu", "Thổ"),
    ("31", "达斡尔族", "Daur", "Daur"),
    ("32", "仫佬族", "Mulao", "Mục Lão"),
    ("33", "羌族", "Qiang", "Khương"),
    ("34", "布朗族", "Blang", "Bố Lãng"),
    ("35", "撒拉族", "Salar", "Salar"),
    ("36", "毛南族", "Maonan", "Mao Nam"),
    ("37", "仡佬族", "Gelao", "Ngật Lão"),
    ("38", "锡伯族", "Xibe", "Tích Bá"),
    ("39", "阿昌族", "Achang", "A Xương"),
    ("40", "普米族", "Pumi", "Phổ Mễ"),
    ("41", "塔吉克族", "Tajik", "Tajik"),
    ("42", "怒族", "Nu", "Nộ"),
    ("43", "乌孜别克族", "Uzbek", "Uzbek"),
    ("44", "俄罗斯族", "Russian", "Nga"),
    ("45", "鄂温克族", "Ewenki", "Ewenki"),
    ("46", "德昂族", "De'ang", "Đức Ngang"),
    ("47", "保安族", "Bonan", "Bảo An"),
    ("48", "裕固族", "Yugur", "Dụ Cố"),
    ("49", "京族", "Gin", "Kinh"),
    ("50", "塔塔尔族", "Tatar", "Tatar"),
    ("51", "独龙族", "Derung", "Độc Long"),
    ("52", "鄂伦春族", "Oroqen", "Oroqen"),
    ("53", "赫哲族", "Hezhen", "Hách Triết"),
    ("54", "门巴族", "Monba", "Môn Ba"),
    ("55", "珞巴族", "Lhoba", "Lạc Ba"),
    ("56", "基诺族", "Jino", "Cơ Nặc"),
    ("97", "其他", "Other", "Khác"),
    (
        "98",
        "外国血统中国籍人士",
        "Naturalised, of foreign descent",
        "Nhập tịch, gốc nước ngoài",
    ),
];

/// Names that were in use earlier, with today's code.
const FORMER_NAMES: [(&str, &str); 2] = [("毛难", "36"), ("崩龙", "46")];

/// The group that somebody belongs to. It is a sensitive fact, so `Debug` does not tell it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ethnicity(Row);

/// The text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a code of an ethnic group is two digits, 01 to 56, 97 or 98")]
pub struct InvalidEthnicity;

impl Ethnicity {
    /// All groups in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        GROUPS.into_iter().map(Self)
    }

    /// Parses what a person typed; full-width digits and spaces are accepted.
    pub fn parse(input: &str) -> Result<Self, InvalidEthnicity> {
        Self::parse_strict(&typed_number(input).ok_or(InvalidEthnicity)?)
    }

    /// Parses what a machine sent: two ASCII digits.
    pub fn parse_strict(text: &str) -> Result<Self, InvalidEthnicity> {
        Self::all()
            .find(|group| group.code() == text)
            .ok_or(InvalidEthnicity)
    }

    /// Translates a Chinese name from older data, `汉族` or `汉`.
    pub fn from_chinese(name: &str) -> Result<Self, InvalidEthnicity> {
        let short = |name: &'static str| name.strip_suffix('族').unwrap_or(name);
        let wanted = name.strip_suffix('族').unwrap_or(name);
        let former = FORMER_NAMES.iter().find(|(old, _)| *old == wanted);
        match former {
            Some((_, code)) => Self::parse_strict(code),
            None => Self::all()
                .find(|group| short(group.name(Language::ZhCn)) == wanted)
                .ok_or(InvalidEthnicity),
        }
    }

    /// The two digits.
    pub const fn code(self) -> &'static str {
        self.0.0
    }

    /// The name for people.
    pub const fn name(self, language: Language) -> &'static str {
        match language {
            Language::ZhCn => self.0.1,
            Language::En => self.0.2,
            Language::Vi => self.0.3,
        }
    }
}

impl fmt::Debug for Ethnicity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ethnicity(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_56_groups_and_two_codes_beside_them() {
        let codes: Vec<_> = Ethnicity::all().map(Ethnicity::code).collect();
        let expected: Vec<String> = (1..=56)
            .chain([97, 98])
            .map(|code| format!("{code:02}"))
            .collect();
        assert_eq!(codes, expected);
        for code in codes {
            assert_eq!(Ethnicity::parse_strict(code).unwrap().code(), code);
        }
    }

    #[test]
    fn no_two_groups_share_a_name_in_chinese_and_english() {
        for language in [Language::ZhCn, Language::En] {
            let names: BTreeSet<_> = Ethnicity::all().map(|group| group.name(language)).collect();
            assert_eq!(names.len(), 58);
        }
        let without: Vec<_> = Ethnicity::all()
            .filter(|group| group.name(Language::Vi).is_empty())
            .collect();
        assert!(without.is_empty());
        let names = Language::ALL.map(|language| Ethnicity::parse("10").unwrap().name(language));
        assert_eq!(names, ["朝鲜族", "Korean", "Triều Tiên"]);
    }

    #[test]
    fn what_is_not_a_code_is_refused() {
        for text in [
            "", "00", "57", "96", "99", "1", "001", "汉族", "０１", " 01", "0x",
        ] {
            assert_eq!(Ethnicity::parse_strict(text), Err(InvalidEthnicity), "{text}");
        }
        assert_eq!(Ethnicity::parse(" ０１ ").unwrap().code(), "01");
        for text in ["1", "汉族", &"0".repeat(1 << 20)] {
            assert_eq!(Ethnicity::parse(text), Err(InvalidEthnicity));
        }
    }

    #[test]
    fn names_of_older_data_are_translated() {
        for (name, code) in [
            ("汉族", "01"),
            ("汉", "01"),
            ("维吾尔族", "05"),
            ("毛难族", "36"),
            ("毛南", "36"),
            ("崩龙", "46"),
            ("其他", "97"),
        ] {
            assert_eq!(Ethnicity::from_chinese(name).unwrap().code(), code, "{name}");
        }
        for name in ["", "族", "火星", "Han"] {
            assert_eq!(Ethnicity::from_chinese(name), Err(InvalidEthnicity), "{name}");
        }
    }

    #[test]
    fn the_group_is_not_printed() {
        assert_eq!(format!("{:?}", Ethnicity::parse("05").unwrap()), "Ethnicity(…)");
    }
}
