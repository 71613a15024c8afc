use super::*;

/// Bytes from a text of hexadecimal digits and spaces.
fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

/// `text` as hexadecimal, padded with zeros to `length` bytes.
fn field(text: &str, length: usize) -> String {
    format!("{:0<1$}", hex::encode(text), length * 2)
}

fn taken(mut bytes: Vec<u8>) -> Pdu {
    let pdu = Pdu::take(&mut bytes).unwrap().unwrap();
    assert!(bytes.is_empty());
    pdu
}

fn submit(content: &[u8], has_head: bool) -> Pdu {
    Pdu {
        sequence: 8,
        body: Body::Submit(Box::new(Submit {
            total: 1,
            number: 1,
            service: "HOTLINE".to_owned(),
            source: "901234".to_owned(),
            sender: "1065712345".to_owned(),
            to: "13800138000".to_owned(),
            has_head,
            content: content.to_vec(),
        })),
    }
}

#[test]
fn connect_is_39_bytes_with_the_authenticator_of_the_standard() {
    let connect = Connect {
        source: "901234".to_owned(),
        authenticator: authenticator("901234", "1234", 709_101_813),
        version: VERSION,
        timestamp: 709_101_813,
    };
    let pdu = Pdu {
        sequence: 7,
        body: Body::Connect(connect),
    };
    // MD5 of "901234", nine zero bytes, "1234" and "0709101813".
    let wire = bytes("00000027 00000001 00000007 393031323334 ef1a9720c987a178d796e153bee92c40 30 2a4408f5");
    assert_eq!(pdu.encode(), wire);
    assert_eq!(taken(wire), pdu);
}

#[test]
fn connect_resp_has_a_status_of_four_bytes() {
    let proof = authenticator("901234", "1234", 709_101_813);
    let pdu = Pdu {
        sequence: 7,
        body: Body::ConnectResp {
            status: 0,
            authenticator: gateway_authenticator(0, &proof, "1234"),
            version: VERSION,
        },
    };
    let wire = bytes("00000021 80000001 00000007 00000000 9516e3fecf7210e5cecaca20974494eb 30");
    assert_eq!(pdu.encode(), wire);
    assert_eq!(taken(wire), pdu);
}

#[test]
fn submit_follows_the_field_table() {
    let pdu = submit(&bytes("4f60597d"), false);
    let wire = [
        "000000c7 00000004 00000008", // 199 bytes: 12 of head, 183 without content, 4 of content
        "0000000000000000 01 01 01 01", // Msg_Id, Pk_total, Pk_number, Registered_Delivery, Msg_level
        &field("HOTLINE", 10),        // Service_Id
        "02",                         // Fee_UserType
        &field("", 32),               // Fee_terminal_Id
        "00 00 00 08",                // Fee_terminal_type, TP_pId, TP_udhi, Msg_Fmt
        &field("901234", 6),          // Msg_src
        &field("01", 2),              // FeeType
        &field("000000", 6),          // FeeCode
        &field("", 17),               // ValId_Time
        &field("", 17),               // At_Time
        &field("1065712345", 21),     // Src_Id
        "01",                         // DestUsr_tl
        &field("13800138000", 32),    // Dest_terminal_Id
        "00 04 4f60597d",             // Dest_terminal_type, Msg_Length, Msg_Content: 你好
        &field("", 20),               // LinkID
    ]
    .concat();
    let wire = bytes(&wire);
    assert_eq!(wire.len(), 199);
    assert_eq!(pdu.encode(), wire);
    assert_eq!(taken(wire), pdu);
}

#[test]
fn submit_resp_and_the_short_ones_are_as_long_as_the_standard_says() {
    let cases: [(Body, &str); 8] = [
        (
            Body::SubmitResp {
                msg_id: 0x0102_0304_0506_0708,
                result: 8,
            },
            "00000018 80000004 00000009 0102030405060708 00000008",
        ),
        (
            Body::DeliverResp {
                msg_id: 0x0102_0304_0506_0708,
                result: 0,
            },
            "00000018 80000005 00000009 0102030405060708 00000000",
        ),
        (Body::ActiveTest, "0000000c 00000008 00000009"),
        (Body::ActiveTestResp, "0000000d 80000008 00000009 00"),
        (Body::Terminate, "0000000c 00000002 00000009"),
        (Body::TerminateResp, "0000000c 80000002 00000009"),
        (Body::Unknown(6), "0000000c 00000006 00000009"),
        (Body::Unknown(0x8000_0007), "0000000c 80000007 00000009"),
    ];
    for (body, wire) in cases {
        let pdu = Pdu { sequence: 9, body };
        assert_eq!(pdu.encode(), bytes(wire));
        assert_eq!(taken(bytes(wire)), pdu);
    }
}

#[test]
fn a_status_report_is_read_from_a_deliver() {
    let report = [
        "a1a2a3a4a5a6a7a8",
        &field("DELIVRD", 7),
        &field("2611241010", 10),
        &field("2611241011", 10),
        &field("13800138000", 32),
        "00000001",
    ]
    .concat();
    assert_eq!(report.len() / 2, 71);
    let wire = [
        "000000c4 00000005 0000000a",
        "b1b2b3b4b5b6b7b8",
        &field("1065712345", 21),
        &field("HOTLINE", 10),
        "00 00 00",
        &field("13800138000", 32),
        "00 01 47",
        &report,
        &field("", 20),
    ]
    .concat();
    let mut wire = bytes(&wire);
    let length = u32::try_from(wire.len()).unwrap().to_be_bytes();
    wire[..4].copy_from_slice(&length);
    let Body::Deliver(deliver) = taken(wire).body else {
        panic!()
    };
    assert_eq!(
        deliver.report(),
        Some(StatusReport {
            msg_id: 0xa1a2_a3a4_a5a6_a7a8,
            status: "DELIVRD".to_owned(),
        })
    );
}

#[test]
fn an_answer_is_read_in_ascii_and_ucs2_and_without_the_head_of_a_part() {
    let deliver = |format, has_head, content: &str| Deliver {
        msg_id: 1,
        to: "1065712345".to_owned(),
        format,
        has_head,
        from: "8613800138000".to_owned(),
        is_report: false,
        content: bytes(content),
    };
    assert_eq!(deliver(0, false, "31").text(), "1");
    assert_eq!(deliver(FORMAT_UCS2, false, "6ee1 610f").text(), "满意");
    assert_eq!(deliver(FORMAT_UCS2, true, "050003070201 6ee1").text(), "满");
    assert_eq!(deliver(FORMAT_GBK, false, "32").text(), "2");
    assert_eq!(deliver(FORMAT_UCS2, true, "ff").text(), "");
    assert_eq!(deliver(0, false, "31").report(), None);
    let pdu = Pdu {
        sequence: 3,
        body: Body::Deliver(Box::new(deliver(8, false, "0031"))),
    };
    assert_eq!(taken(pdu.encode()), pdu);
}

#[test]
fn a_message_in_pieces_waits_and_a_wrong_length_is_refused() {
    let whole = submit(&[0, 49], false).encode();
    for end in 0..whole.len() {
        let mut part = whole[..end].to_vec();
        assert_eq!(Pdu::take(&mut part), Ok(None));
        assert_eq!(part.len(), end);
    }
    let mut two = [whole.clone(), whole.clone()].concat();
    assert!(Pdu::take(&mut two).unwrap().is_some());
    assert_eq!(two, whole);
    for length in [0_u32, 11, 2_049, u32::MAX] {
        let mut wrong = length.to_be_bytes().to_vec();
        assert_eq!(Pdu::take(&mut wrong), Err(PduError::Length(length)));
    }
    let mut short = bytes("0000000d 80000004 00000001 00");
    assert_eq!(Pdu::take(&mut short), Err(PduError::Short(0x8000_0004)));
}

#[test]
fn texts_longer_than_their_field_are_cut() {
    let mut pdu = submit(b"", false);
    if let Body::Submit(submit) = &mut pdu.body {
        submit.sender = "1".repeat(40);
    }
    let Body::Submit(read) = taken(pdu.encode()).body else {
        panic!()
    };
    assert_eq!(read.sender, "1".repeat(21));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail_otherwise(content in proptest::collection::vec(0_u8..=255, 0..400)) {
        let mut buffer = content;
        while let Ok(Some(pdu)) = Pdu::take(&mut buffer) {
            if let Body::Deliver(deliver) = &pdu.body {
                let _ = (deliver.text(), deliver.report());
            }
        }
    }
}
