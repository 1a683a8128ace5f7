namespace Puna.Engine.Cache;

/// <summary>What a policy does to a sequence: the ground on which stages are found to fit each other or not.</summary>
[Flags]
internal enum KvEffects
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Slots are dropped for good.</summary>
    DropsSlots = 1,

    /// <summary>KV heads drop or move different slots.</summary>
    PerHead = 2,

    /// <summary>Keys are stored with loss.</summary>
    LossyKeys = 4,

    /// <summary>Values are stored with loss.</summary>
    LossyValues = 8,

    /// <summary>Runs of slots move together, by an offset in the table.</summary>
    MovesRigidly = 16,

    /// <summary>Kept slots move by different amounts: their keys are rotated anew.</summary>
    MovesRaggedly = 32,

    /// <summary>Only chooses which slots a query sees; the sequence stays whole.</summary>
    SelectsOnly = 64,

    /// <summary>Holds keys and values that were computed in another context.</summary>
    ForeignKv = 128,

    /// <summary>What a page holds depends on tokens after it.</summary>
    DependsOnSuffix = 256,
}
