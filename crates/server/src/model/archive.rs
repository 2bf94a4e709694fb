//! One member out of a zip archive, such as a Python wheel, without unpacking the rest.

use std::io::Read;

use anyhow::{Context, Result, bail};

const END: &[u8; 4] = b"PK\x05\x06";
const ENTRY: &[u8; 4] = b"PK\x01\x02";
/// The end record is 22 bytes and a comment of at most 65,535.
const END_WITHIN: usize = 22 + 65_535;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// One member, as the archive's directory lists it.
pub(super) struct Member<'file> {
    pub(super) name: String,
    pub(super) size: u64,
    method: u16,
    packed: &'file [u8],
}

/// Whether the bytes are a zip archive.
pub(super) fn is_archive(file: &[u8]) -> bool {
    file.starts_with(b"PK\x03\x04")
}

/// The members of an archive.
///
/// # Errors
/// The archive is damaged, encrypted or of the kind beyond four gigabytes.
pub(super) fn members(file: &[u8]) -> Result<Vec<Member<'_>>> {
    let tail = &file[file.len().saturating_sub(END_WITHIN)..];
    let end = tail.windows(4).rposition(|window| window == END).context("the archive has no directory; it is cut short")?;
    let end = &tail[end..];
    let (count, mut at) = (short(end, 10)?, long(end, 16)? as usize);
    let mut members = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let entry = file.get(at..).filter(|entry| entry.starts_with(ENTRY)).context("the archive's directory is damaged")?;
        let (name, extra, comment) = (short(entry, 28)? as usize, short(entry, 30)? as usize, short(entry, 32)? as usize);
        let (packed, size, header) = (long(entry, 20)?, long(entry, 24)?, long(entry, 42)? as usize);
        let name = entry.get(46..46 + name).context("the archive's directory is damaged")?;
        if short(entry, 8)? & 1 != 0 {
            bail!("the archive is encrypted");
        }
        let local = file.get(header..).context("the archive is cut short")?;
        let begin = header + 30 + short(local, 26)? as usize + short(local, 28)? as usize;
        let bytes = file.get(begin..begin + packed as usize).context("the archive is cut short")?;
        members.push(Member { name: String::from_utf8_lossy(name).into_owned(), size: u64::from(size), method: short(entry, 10)?, packed: bytes });
        at += 46 + name.len() + extra + comment;
    }
    Ok(members)
}

impl Member<'_> {
    /// The member's contents; never more than its directory said.
    pub(super) fn unpack(&self) -> Result<Vec<u8>> {
        let mut contents = Vec::new();
        match self.method {
            STORED => contents.extend_from_slice(self.packed),
            DEFLATED => {
                let inflated = flate2::read::DeflateDecoder::new(self.packed).take(self.size + 1).read_to_end(&mut contents);
                inflated.with_context(|| format!("{} in the archive is damaged", self.name))?;
            }
            method => bail!("{} is packed by a method that is not supported ({method})", self.name),
        }
        if contents.len() as u64 != self.size {
            bail!("{} in the archive is damaged: its size is not what the directory says", self.name);
        }
        Ok(contents)
    }
}

fn short(bytes: &[u8], at: usize) -> Result<u16> {
    let bytes = bytes.get(at..at + 2).context("the archive is cut short")?;
    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn long(bytes: &[u8], at: usize) -> Result<u32> {
    let bytes = bytes.get(at..at + 4).context("the archive is cut short")?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive with one stored member, written by hand as the format has it.
    fn archive(name: &str, contents: &[u8]) -> Vec<u8> {
        let (length, size) = ((name.len() as u16).to_le_bytes(), (contents.len() as u32).to_le_bytes());
        let mut file = b"PK\x03\x04".to_vec();
        file.extend([20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        file.extend(size.iter().chain(&size).chain(&length).chain(&[0, 0]));
        file.extend(name.as_bytes().iter().chain(contents));
        let directory = file.len() as u32;
        file.extend(ENTRY);
        file.extend([20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        file.extend(size.iter().chain(&size).chain(&length));
        file.extend([0; 16]);
        file.extend(name.as_bytes());
        let end = file.len() as u32 - directory;
        file.extend(END);
        file.extend([0, 0, 0, 0, 1, 0, 1, 0]);
        file.extend(end.to_le_bytes().iter().chain(&directory.to_le_bytes()).chain(&[0, 0]));
        file
    }

    #[test]
    fn a_member_is_found_and_damage_is_said() {
        let file = archive("folder/model.bin", b"E5S1 and so on");
        let members = members(&file).expect("a sound archive");
        assert_eq!(members[0].name, "folder/model.bin");
        assert_eq!(members[0].unpack().expect("contents"), b"E5S1 and so on");
        // All but the last number, the length of a comment, is needed.
        for cut in 0..file.len() - 2 {
            assert!(super::members(&file[..cut]).is_err(), "cut at {cut}");
        }
    }
}
