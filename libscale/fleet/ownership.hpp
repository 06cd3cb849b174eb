#pragma once

/// What kscale owns, how that is told from what is not, and what it never touches.
///
/// In Docker it makes, starts, stops, renames and removes only containers of the deployment: those named PREFIX-N (or
/// PREFIX_N), and PREFIX-N with `k_set_aside` behind it while a replacement is under way. It removes by itself only
/// - what it was told to take away: by a decision for fewer instances, or by an operator's command,
/// - a stopped container with `k_deployment_label`: kscale made it, and while others run it is of no use,
/// - a container that was set aside, once the one that took its place can serve.
/// One that others made (Compose, an operator) and that has stopped is started again or left alone. Volumes with a
/// name, networks, images and every other container are never changed, but for `kscale-deploy cleanup`, which asks
/// Compose to take its project down.
///
/// In Kong it writes targets of the deployment's upstream, and nothing else: those that carry its tag (`k_tag_begin`
/// and the prefix), and those without any tag of kscale's that are an instance's address. Without a database the whole
/// configuration is read and written back with these targets alone changed.
///
/// On disk it owns the state directory's files that begin with the prefix: the state, the history and the locks. The
/// state holds the journal: before the first change of an action `store::State::acting` says that one runs, and which
/// instances somebody else had taken out of rotation; `store::State::restarting` says which ones it stops only to start
/// them again. Both go when the action has come to a good end. What a crash leaves is found by these marks alone, and
/// put right by the next check or command (see `recover`, `put_back` and `mend`):
///
///   found                                         done
///   acting, and a target of weight 0              its weight is given back, unless somebody else had taken it
///   restarting, and the instance stands stopped   it is started, and gets its target when it can serve
///   PREFIX-N set aside, no PREFIX-N               it gets its name back and is started
///   PREFIX-N set aside, PREFIX-N can serve        it is removed
///   PREFIX-N set aside, PREFIX-N does not run,    that one is removed, the one set aside gets its name back and is
///   or is not ready in time, and we made it       started
///   an instance runs without a target             it gets one when it can serve
///   a target of ours without an instance          it is deleted, but for the last one in rotation, which only an
///                                                 operator's stop or cleanup deletes
///   a stopped container that we made              it is removed while others run
namespace kscale::fleet {

/// The label on every container that kscale made; its value is the deployment's name prefix.
inline constexpr const char* k_deployment_label = "dev.kscale.deployment";
/// The number of the instance, on the same containers.
inline constexpr const char* k_instance_label = "dev.kscale.instance";
/// The name of the image, on containers that were made of it by its id because the name meant another one by then.
inline constexpr const char* k_image_label = "dev.kscale.image";

/// How the tags of all deployments begin.
inline constexpr const char* k_tag_begin = "kscale.";

/// What the name of an old container ends with while a new one takes its place.
inline constexpr const char* k_set_aside = ".kscale-old";

}  // namespace kscale::fleet
