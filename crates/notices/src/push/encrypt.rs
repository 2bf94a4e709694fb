//! Message encryption for web push: RFC 8291 over the content coding `aes128gcm` of RFC 8188, one record.

use aes_gcm::{
    Aes128Gcm, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use ennakoi_kernel::Environment;
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey, ecdh, elliptic_curve::sec1::ToSec1Point};
use sha2::Sha256;

const SALT: usize = 16;
/// Of one record; a push service takes 4096 bytes at least, all of them counted.
const RECORD: u32 = 4_096;
/// A point that is not compressed.
const POINT: usize = 65;
/// Bytes of a message that fit: the header (salt, record size, length and key), the end mark and the tag take the rest.
pub(crate) const MESSAGE_MAX: usize = RECORD as usize - (SALT + 4 + 1 + POINT) - 1 - 16;

/// The keys are none, or the message is too long.
#[derive(Debug)]
pub(crate) struct Unusable;

/// Encrypts for the browser that has `public_key` (uncompressed point) and `secret`, under fresh keys.
pub(crate) fn seal(environment: &Environment, public_key: &[u8], secret: &[u8], message: &[u8]) -> Result<Vec<u8>, Unusable> {
    let mut salt = [0u8; SALT];
    environment.fill(&mut salt);
    let own = loop {
        let mut bytes = [0u8; 32];
        environment.fill(&mut bytes);
        // Nearly every number of 32 bytes is a key.
        if let Ok(key) = SecretKey::from_slice(&bytes) {
            break key;
        }
    };
    with(&own, salt, public_key, secret, message)
}

/// With these keys; see RFC 8291 §3.4 for the names.
fn with(own: &SecretKey, salt: [u8; SALT], public_key: &[u8], secret: &[u8], message: &[u8]) -> Result<Vec<u8>, Unusable> {
    if message.len() > MESSAGE_MAX {
        return Err(Unusable);
    }
    let theirs = PublicKey::from_sec1_bytes(public_key).map_err(|_| Unusable)?;
    let own_point = own.public_key().to_sec1_point(false);
    let shared = ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine());
    let key_info = [b"WebPush: info\0".as_slice(), public_key, own_point.as_bytes()].concat();
    let input = expand::<32>(secret, shared.raw_secret_bytes(), &key_info)?;
    let key = expand::<16>(&salt, &input, b"Content-Encoding: aes128gcm\0")?;
    let nonce = expand::<12>(&salt, &input, b"Content-Encoding: nonce\0")?;
    // 2 marks the last record (RFC 8188 §2).
    let plain = [message, &[2]].concat();
    let sealed = Aes128Gcm::new(&Key::<Aes128Gcm>::from(key)).encrypt(&Nonce::from(nonce), Payload { msg: &plain, aad: &[] }).map_err(|_| Unusable)?;
    let mut body = Vec::with_capacity(SALT + 5 + POINT + sealed.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(u8::try_from(own_point.as_bytes().len()).map_err(|_| Unusable)?);
    body.extend_from_slice(own_point.as_bytes());
    body.extend_from_slice(&sealed);
    Ok(body)
}

fn expand<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> Result<[u8; N], Unusable> {
    let mut output = [0u8; N];
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, &mut output).map_err(|_| Unusable)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::decoded;

    /// RFC 8291, §5 and appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let own = SecretKey::from_slice(&decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").unwrap()).unwrap();
        let public = decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4").unwrap();
        let secret = decoded("BTBZMqHH6r4Tts7J_aSIgg").unwrap();
        let salt: [u8; SALT] = decoded("DGv6ra1nlYgDCS1FRnbzlw").unwrap().try_into().unwrap();
        let body = with(&own, salt, &public, &secret, b"When I grow up, I want to be a watermelon").unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT\
                        pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(body, decoded(expected).unwrap());
    }

    #[test]
    fn what_is_no_key_or_does_not_fit_is_refused() {
        let environment = Environment::system();
        let public = decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4").unwrap();
        let mut off_curve = public.clone();
        off_curve[64] ^= 1;
        assert!(seal(&environment, &off_curve, &[1; 16], b"x").is_err());
        assert!(seal(&environment, &[], &[1; 16], b"x").is_err());
        assert!(seal(&environment, &public, &[1; 16], &vec![b'x'; MESSAGE_MAX + 1]).is_err());
        assert_eq!(seal(&environment, &public, &[1; 16], &vec![b'x'; MESSAGE_MAX]).unwrap().len(), 4_096);
    }
}
