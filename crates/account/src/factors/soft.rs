//! An authenticator in software, for tests: one P-256 key, attestation `none` (WebAuthn level 2, 6.1 and 6.5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Private;
use openssl::sha::sha256;
use serde_json::{Value, json};

pub(crate) const PRESENT: u8 = 0x01;
pub(crate) const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// What an authenticator does differently than it should.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    pub(crate) flags: u8,
    pub(crate) origin: &'static str,
    pub(crate) user: Option<Vec<u8>>,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            flags: PRESENT | VERIFIED,
            origin: "http://localhost:8080",
            user: None,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Soft {
    key: EcKey<Private>,
    pub(crate) id: Vec<u8>,
    pub(crate) user: Vec<u8>,
    counter: u32,
}

fn bytes(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn client_data(kind: &str, options: &Value, origin: &str) -> Vec<u8> {
    let challenge = &options["publicKey"]["challenge"];
    json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
        .to_string()
        .into_bytes()
}

impl Soft {
    pub(crate) fn new(id: &[u8]) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self {
            key: EcKey::generate(&group).unwrap(),
            id: id.to_vec(),
            user: Vec::new(),
            counter: 0,
        }
    }

    fn data(&mut self, host: &str, flags: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = sha256(host.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key as COSE writes it (RFC 9052).
    fn cose(&self) -> Vec<u8> {
        let group = self.key.group();
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        let mut context = BigNumContext::new().unwrap();
        let point = self.key.public_key();
        point
            .affine_coordinates(group, &mut x, &mut y, &mut context)
            .unwrap();
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        cose.extend(x.to_vec_padded(32).unwrap());
        cose.extend([0x22, 0x58, 0x20]);
        cose.extend(y.to_vec_padded(32).unwrap());
        cose
    }

    /// Makes a credential.
    pub(crate) fn make(&mut self, options: &str, ways: &Ways) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let public = &options["publicKey"];
        self.user = bytes(&public["user"]["id"]);
        let mut data = self.data(public["rp"]["id"].as_str().unwrap(), ways.flags | ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x59");
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let client = client_data("webauthn.create", &options, ways.origin);
        let id = text(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {"clientDataJSON": text(&client), "attestationObject": text(&object)},
        })
        .to_string()
    }

    /// Proves that it has the credential.
    pub(crate) fn prove(&mut self, options: &str, ways: &Ways) -> Value {
        let options: Value = serde_json::from_str(options).unwrap();
        let data = self.data(options["publicKey"]["rpId"].as_str().unwrap(), ways.flags);
        let client = client_data("webauthn.get", &options, ways.origin);
        let signed = sha256(&[data.as_slice(), &sha256(&client)].concat());
        let signature = EcdsaSig::sign(&signed, &self.key).unwrap().to_der().unwrap();
        let id = text(&self.id);
        let user = ways.user.as_ref().unwrap_or(&self.user);
        json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {
                "clientDataJSON": text(&client), "authenticatorData": text(&data),
                "signature": text(&signature), "userHandle": text(user),
            },
        })
    }
}
