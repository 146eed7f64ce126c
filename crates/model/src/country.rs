//! Countries as ISO 3166-1 codes them, in three letters and in three digits: what identity cards of foreigners say
//! about nationality. Names of countries are not here.

/// Every country, three letters and three digits each, in the order of the letters.
const COUNTRIES: &str = "\
    ABW533 AFG004 AGO024 AIA660 ALA248 ALB008 AND020 ARE784 ARG032 ARM051 ASM016 ATA010 ATF260 ATG028 \
    AUS036 AUT040 AZE031 BDI108 BEL056 BEN204 BES535 BFA854 BGD050 BGR100 BHR048 BHS044 BIH070 BLM652 \
    BLR112 BLZ084 BMU060 BOL068 BRA076 BRB052 BRN096 BTN064 BVT074 BWA072 CAF140 CAN124 CCK166 CHE756 \
    CHL152 CHN156 CIV384 CMR120 COD180 COG178 COK184 COL170 COM174 CPV132 CRI188 CUB192 CUW531 CXR162 \
    CYM136 CYP196 CZE203 DEU276 DJI262 DMA212 DNK208 DOM214 DZA012 ECU218 EGY818 ERI232 ESH732 ESP724 \
    EST233 ETH231 FIN246 FJI242 FLK238 FRA250 FRO234 FSM583 GAB266 GBR826 GEO268 GGY831 GHA288 GIB292 \
    GIN324 GLP312 GMB270 GNB624 GNQ226 GRC300 GRD308 GRL304 GTM320 GUF254 GUM316 GUY328 HKG344 HMD334 \
    HND340 HRV191 HTI332 HUN348 IDN360 IMN833 IND356 IOT086 IRL372 IRN364 IRQ368 ISL352 ISR376 ITA380 \
    JAM388 JEY832 JOR400 JPN392 KAZ398 KEN404 KGZ417 KHM116 KIR296 KNA659 KOR410 KWT414 LAO418 LBN422 \
    LBR430 LBY434 LCA662 LIE438 LKA144 LSO426 LTU440 LUX442 LVA428 MAC446 MAF663 MAR504 MCO492 MDA498 \
    MDG450 MDV462 MEX484 MHL584 MKD807 MLI466 MLT470 MMR104 MNE499 MNG496 MNP580 MOZ508 MRT478 MSR500 \
    MTQ474 MUS480 MWI454 MYS458 MYT175 NAM516 NCL540 NER562 NFK574 NGA566 NIC558 NIU570 NLD528 NOR578 \
    NPL524 NRU520 NZL554 OMN512 PAK586 PAN591 PCN612 PER604 PHL608 PLW585 PNG598 POL616 PRI630 PRK408 \
    PRT620 PRY600 PSE275 PYF258 QAT634 REU638 ROU642 RUS643 RWA646 SAU682 SDN729 SEN686 SGP702 SGS239 \
    SHN654 SJM744 SLB090 SLE694 SLV222 SMR674 SOM706 SPM666 SRB688 SSD728 STP678 SUR740 SVK703 SVN705 \
    SWE752 SWZ748 SXM534 SYC690 SYR760 TCA796 TCD148 TGO768 THA764 TJK762 TKL772 TKM795 TLS626 TON776 \
    TTO780 TUN788 TUR792 TUV798 TWN158 TZA834 UGA800 UKR804 UMI581 URY858 USA840 UZB860 VAT336 VCT670 \
    VEN862 VGB092 VIR850 VNM704 VUT548 WLF876 WSM882 YEM887 ZAF710 ZMB894 ZWE716";

/// A country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

impl Country {
    /// All countries.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTRIES.split_ascii_whitespace().map(Self)
    }

    /// The country of three capital letters.
    pub fn from_letters(letters: &str) -> Option<Self> {
        Self::all().find(|country| country.letters() == letters)
    }

    /// The country of three digits.
    pub fn from_digits(digits: &str) -> Option<Self> {
        Self::all().find(|country| country.digits() == digits)
    }

    /// The three letters, `USA`.
    pub fn letters(self) -> &'static str {
        self.0.get(..3).unwrap_or_default()
    }

    /// The three digits, `840`.
    pub fn digits(self) -> &'static str {
        self.0.get(3..).unwrap_or_default()
    }

    /// Whether it is China with Hong Kong, Macao and Taiwan, whose residents hold other documents than foreigners.
    pub fn is_china(self) -> bool {
        matches!(self.letters(), "CHN" | "HKG" | "MAC" | "TWN")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_country_is_found_by_both_codes_and_no_code_stands_for_two() {
        assert_eq!(Country::all().count(), 249);
        let letters: BTreeSet<_> = Country::all().map(Country::letters).collect();
        let digits: BTreeSet<_> = Country::all().map(Country::digits).collect();
        assert_eq!((letters.len(), digits.len()), (249, 249));
        for country in Country::all() {
            assert_eq!(Country::from_letters(country.letters()), Some(country));
            assert_eq!(Country::from_digits(country.digits()), Some(country));
            assert!(country.letters().bytes().all(|byte| byte.is_ascii_uppercase()));
            assert!(
                country.digits().len() == 3 && country.digits().bytes().all(|byte| byte.is_ascii_digit())
            );
        }
        assert_eq!(Country::from_letters("VNM").map(Country::digits), Some("704"));
    }

    #[test]
    fn what_is_not_a_code_is_not_a_country() {
        for text in ["", "AA", "usa", "ZZZ", "USA840", "AFG004 ", "中国"] {
            assert_eq!(Country::from_letters(text), None);
        }
        for text in ["", "999", "4", "84", "0840", "USA"] {
            assert_eq!(Country::from_digits(text), None);
        }
    }

    #[test]
    fn china_is_told_apart() {
        let found: Vec<_> = Country::all().filter(|country| country.is_china()).collect();
        assert_eq!(
            found.iter().map(|country| country.digits()).collect::<Vec<_>>(),
            ["156", "344", "446", "158"]
        );
    }
}
