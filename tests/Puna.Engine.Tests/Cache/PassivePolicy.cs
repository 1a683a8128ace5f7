using Puna.Engine.Cache;

namespace Puna.Engine.Tests.Cache;

/// <summary>A stage that does nothing but say what it would do: it decides the layout of a cache.</summary>
internal sealed class PassivePolicy(KvEffects effects) : IKvPolicy
{
    public string Name => "passive";

    public string Fingerprint => Name;

    public KvNeeds Needs => KvNeeds.None;

    public KvEffects Effects => effects;
}
