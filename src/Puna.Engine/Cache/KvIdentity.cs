namespace Puna.Engine.Cache;

/// <summary>
/// Everything besides the token ids on which cached keys and values depend, and the tenant whom they belong to. Two
/// sequences may share pages only when all of it is equal; comparison is of the texts themselves, not of a hash.
/// </summary>
/// <param name="Model">Fingerprint of weights and layer plan.</param>
/// <param name="Adapter">Fingerprint of the adapters in use; empty for none.</param>
/// <param name="Rope">Rotary parameters, in one canonical spelling.</param>
/// <param name="Policy">Fingerprint of the policy chain, see <see cref="KvPolicyChain.Fingerprint"/>.</param>
/// <param name="Salt">Secret of the tenant, made by the server and not by the client; empty for one user. Never written to a file.</param>
internal sealed record KvIdentity(
    string Model,
    string Adapter,
    string Rope,
    string Policy,
    string Salt
);
