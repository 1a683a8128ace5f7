namespace Puna.Engine.Cache;

/// <summary>What a policy must be given to do its work.</summary>
[Flags]
internal enum KvNeeds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The queries of the last prompt tokens, after prefill.</summary>
    ObservedQueries = 1,

    /// <summary>The attention that each slot received.</summary>
    AttentionMass = 2,

    /// <summary>Id and -log p of each committed token.</summary>
    TokenNll = 4,

    /// <summary>Every key of the sequence: nothing may have been dropped.</summary>
    AllKeys = 8,

    /// <summary>The latest tokens in a float format.</summary>
    DenseTail = 16,
}
