//! The provider's entries for the parties elsewhere that this world plays: one file each for its `sources.d/`.

/// A party's name in the three languages, as an inline table.
fn named(zh_cn: &str, en: &str, vi: &str) -> String {
    format!("{{ \"zh-CN\" = \"{zh_cn}\", en = \"{en}\", vi = \"{vi}\" }}")
}

/// Names (below `sources.d/`) and contents of the files, for a world at this address. The secret is expected in
/// `vendors.key` beside the folder.
pub fn party_files(world_url: &str) -> [(&'static str, String); 4] {
    let at = format!("{world_url}/vendors");
    let key = "key_file = \"../vendors.key\"";
    let face = format!(
        "source = \"face\"\nurl = \"{at}/face\"\n{key}\n[settings]\npartner = {}\npartner_id = \"sandbox-face\"\n\
         keeps_days = 7\n",
        named(
            "实人认证（模拟）",
            "Live face check (simulated)",
            "Kiểm tra khuôn mặt (mô phỏng)"
        )
    );
    let wallet = format!(
        "source = \"trusted_sign_in\"\n{key}\n[settings]\nkind = \"oauth2-alipay\"\npartner = {}\n\
         partner_id = \"sandbox-wallet\"\napp_id = \"denizen\"\nauthorize_url = \"{at}/payment/oauth2/authorize\"\n\
         token_url = \"{at}/payment/gateway/token\"\nuser_url = \"{at}/payment/gateway/user\"\n",
        named(
            "畅付钱包（模拟）",
            "Changfu Wallet (simulated)",
            "Ví Changfu (mô phỏng)"
        )
    );
    let province = format!(
        "source = \"other_province_level_3\"\nurl = \"{at}/province\"\n{key}\n[settings]\npartner = {}\n\
         partner_id = \"sandbox-province\"\nclient_id = \"denizen\"\n[settings.levels]\n\
         \"urn:neighbour:level:registered\" = 0\n\"urn:neighbour:level:real-name\" = 1\n\
         \"urn:neighbour:level:real-person\" = 3\n\"urn:neighbour:level:in-person\" = 4\n",
        named(
            "邻省（模拟）",
            "The neighbouring province (simulated)",
            "Tỉnh bên (mô phỏng)"
        )
    );
    let certificate = format!(
        "source = \"certificate\"\n[settings]\n[[settings.authority]]\nname = \"sandbox\"\n\
         ca_file = \"sandbox-authority.pem\"\ncrl_urls = [\"{world_url}/authority/list.crl\"]\nnumber_oid = \"{}\"\n",
        crate::authority::NUMBER_OID
    );
    [
        ("certificate.toml", certificate),
        ("face.toml", face),
        ("trusted-sign-in.toml", wallet),
        ("other-province-level-3.toml", province),
    ]
}

/// The certificate of the world's own authority, which `certificate.toml` names as `sandbox-authority.pem`.
pub fn authority_pem(keys: &crate::config::Keys) -> anyhow::Result<String> {
    crate::authority::root_pem(&keys.vendors)
}
