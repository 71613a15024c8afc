//! The names that screens show, the published profiles, and making the newest of them the active one.
//!
//! **Not here.** Publishing (`app::cli`): a new version is checked against files and prompts, which only the command line has.
//! What becomes of it (`engine::publication`).

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::engine::devices::DeviceError;
use crate::engine::devices::NewSecret;
use crate::engine::publication::Activated;
use crate::engine::publication::PublicationError;
use crate::exchange::profile::Profile;
use crate::http::Web;
use crate::http::auth::SignedIn;
use crate::http::calls::code;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::extract::Json;
use crate::http::instant::Instant;
use crate::io::store::profiles::PublishedProfile;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::catalogue::Entry;
use crate::ticket::catalogue::Tree;

/// The city.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Site)]
pub(crate) struct SiteDto {
    /// Its short name.
    id: String,
    /// 城市名.
    name: String,
    /// IANA time zone.
    time_zone: String,
}

/// An id with its Chinese name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Named)]
pub(crate) struct NamedDto {
    /// The id.
    id: String,
    /// The name.
    name: String,
}

/// A queue's names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueNames)]
pub(crate) struct QueueNamesDto {
    /// Its id.
    id: String,
    /// 队列名.
    name: String,
    /// `general` or `expert`.
    kind: String,
}

/// A line's names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LineNames)]
pub(crate) struct LineNamesDto {
    /// Its id.
    id: String,
    /// 线路名.
    name: String,
    /// The number that is dialled.
    number: String,
}

/// A desk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Seat)]
pub(crate) struct SeatDto {
    /// Its id.
    id: String,
    /// Room.
    room: String,
    /// Row.
    row: String,
    /// Its fixed phone.
    device: Option<String>,
}

/// A phone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub(crate) struct DeviceDto {
    /// Its id.
    id: String,
    /// The number it has inside.
    extension: Option<String>,
}

/// A node of a tree of codes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
pub(crate) struct EntryDto {
    /// Its code.
    code: String,
    /// Its Chinese name.
    name: String,
    /// What stands below it.
    #[schema(no_recursion)]
    children: Vec<EntryDto>,
}

impl From<&Entry> for EntryDto {
    fn from(entry: &Entry) -> Self {
        Self {
            code: entry.code.clone(),
            name: entry.name.clone(),
            children: entry.children.iter().map(Into::into).collect(),
        }
    }
}

/// A tree of codes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tree)]
pub(crate) struct TreeDto {
    /// Its version.
    version: i64,
    /// Its topmost nodes.
    tree: Vec<EntryDto>,
}

impl From<&Tree> for TreeDto {
    fn from(tree: &Tree) -> Self {
        Self {
            version: tree.version,
            tree: tree.top.iter().map(Into::into).collect(),
        }
    }
}

/// What screens need to show names for ids.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfileNames)]
pub(crate) struct ProfileNamesDto {
    /// The active profile's version.
    version: u64,
    /// The city.
    site: SiteDto,
    /// Queues.
    queues: Vec<QueueNamesDto>,
    /// Lines.
    lines: Vec<LineNamesDto>,
    /// Reasons for being not ready.
    reasons: Vec<NamedDto>,
    /// Skills.
    skills: Vec<NamedDto>,
    /// Desks.
    seats: Vec<SeatDto>,
    /// Phones.
    devices: Vec<DeviceDto>,
    /// 事件类型.
    categories: TreeDto,
    /// 区域.
    regions: TreeDto,
}

impl ProfileNamesDto {
    fn new(version: u64, profile: &Profile) -> Self {
        let named = |(id, name): (String, &String)| NamedDto {
            id,
            name: name.clone(),
        };
        let catalogue = Catalogue::shipped();
        let site = &profile.site;
        let queues = profile.queues.iter().map(|(id, queue)| QueueNamesDto {
            id: id.to_string(),
            name: queue.name.clone(),
            kind: code(&queue.kind).unwrap_or_default(),
        });
        let lines = profile.lines.iter().map(|(id, line)| LineNamesDto {
            id: id.to_string(),
            name: line.name.clone(),
            number: line.number.clone(),
        });
        let seats = profile.seats.iter().map(|(id, seat)| SeatDto {
            id: id.to_string(),
            room: seat.room.clone(),
            row: seat.row.clone(),
            device: seat.device.as_ref().map(ToString::to_string),
        });
        let devices = profile.devices.iter();
        Self {
            version,
            site: SiteDto {
                id: site.id.clone(),
                name: site.name.clone(),
                time_zone: site.time_zone.clone(),
            },
            queues: queues.collect(),
            lines: lines.collect(),
            reasons: profile
                .reasons
                .iter()
                .map(|(id, name)| named((id.to_string(), name)))
                .collect(),
            skills: profile
                .skills
                .iter()
                .map(|(id, name)| named((id.to_string(), name)))
                .collect(),
            seats: seats.collect(),
            devices: devices
                .map(|(id, device)| DeviceDto {
                    id: id.to_string(),
                    extension: device.extension.clone(),
                })
                .collect(),
            categories: (&catalogue.categories).into(),
            regions: (&catalogue.regions).into(),
        }
    }
}

/// A published profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedProfile)]
pub(crate) struct PublishedProfileDto {
    /// 1, 2, 3 …
    version: u64,
    /// Hex SHA-256 of the document.
    sha256: String,
    /// When.
    published_at: Instant,
    /// By whom.
    published_by: String,
    /// Whether it is the active one.
    active: bool,
}

impl PublishedProfileDto {
    fn new(row: PublishedProfile, active: u64) -> Self {
        Self {
            version: row.version,
            sha256: row.sha256,
            published_at: row.published_at.into(),
            published_by: row.published_by,
            active: row.version == active,
        }
    }
}

/// Published profiles.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedProfileList)]
pub(crate) struct PublishedProfileListDto {
    /// Newest first.
    items: Vec<PublishedProfileDto>,
}

/// A phone that has got a secret.
#[derive(Serialize, ToSchema)]
#[schema(as = NewDevice)]
pub(crate) struct NewDeviceDto {
    /// Its id.
    device: String,
    /// Its user name.
    user: String,
    /// Its secret, told this once.
    #[schema(format = Password)]
    secret: String,
}

impl From<NewSecret> for NewDeviceDto {
    fn from(made: NewSecret) -> Self {
        Self {
            device: made.device.to_string(),
            user: made.user,
            secret: made.secret,
        }
    }
}

/// The profile that became the active one.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivatedProfile)]
pub(crate) struct ActivatedProfileDto {
    /// Its version.
    version: u64,
    /// Hex SHA-256 of the document.
    sha256: String,
    /// Phones that had no secret before.
    new_devices: Vec<NewDeviceDto>,
}

impl From<Activated> for ActivatedProfileDto {
    fn from(activated: Activated) -> Self {
        Self {
            version: activated.version,
            sha256: activated.sha256,
            new_devices: activated.new_devices.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<PublicationError> for Problem {
    fn from(error: PublicationError) -> Self {
        let detail = error.to_string();
        match error {
            PublicationError::Engine(error) => error.into(),
            PublicationError::Store(error) | PublicationError::Devices(DeviceError::Store(error)) => {
                error.into()
            }
            PublicationError::Audit(error) | PublicationError::Devices(DeviceError::Audit(error)) => {
                error.into()
            }
            PublicationError::NonePublished => Self::new(Code::NotFound).detail(detail),
            PublicationError::Refused { field, .. } => {
                Self::new(Code::NotAllowed).field(field).detail(detail)
            }
            PublicationError::Unreadable { .. }
            | PublicationError::Random(_)
            | PublicationError::Devices(DeviceError::KeyGone(_) | DeviceError::Broken(_)) => {
                Self::internal(&detail)
            }
        }
    }
}

/// Names for the screens: queues, lines, reasons, skills, desks, phones, event types and regions.
#[utoipa::path(get, path = "/profile/public", tag = "profile", responses((status = 200, body = ProfileNamesDto)))]
pub(crate) async fn names(State(web): State<Web>, who: SignedIn) -> Result<Json<ProfileNamesDto>, Problem> {
    web.permit(&who, Verb::ProfileNames, &Object::of_centre("profile"))
        .await?;
    Ok(Json(ProfileNamesDto::new(
        web.engine.profile_version(),
        &web.engine.profile(),
    )))
}

/// Published profiles, newest first.
#[utoipa::path(get, path = "/profiles", tag = "profile", responses((status = 200, body = PublishedProfileListDto)))]
pub(crate) async fn list(
    State(web): State<Web>,
    who: SignedIn,
) -> Result<Json<PublishedProfileListDto>, Problem> {
    web.permit(&who, Verb::ProfileRead, &Object::of_centre("profiles"))
        .await?;
    let active = web.engine.profile_version();
    let rows = web.engine.store().profiles().await?;
    Ok(Json(PublishedProfileListDto {
        items: rows
            .into_iter()
            .map(|row| PublishedProfileDto::new(row, active))
            .collect(),
    }))
}

/// Makes the newest published profile the active one; calls and presence go on. Secrets of new phones are told here alone.
#[utoipa::path(post, path = "/profiles/activate", tag = "profile",
    responses((status = 200, body = ActivatedProfileDto)))]
pub(crate) async fn activate(
    State(web): State<Web>,
    who: SignedIn,
) -> Result<Json<ActivatedProfileDto>, Problem> {
    let activated = web.engine.adopt_published(&who.principal).await?;
    Ok(Json(activated.into()))
}
