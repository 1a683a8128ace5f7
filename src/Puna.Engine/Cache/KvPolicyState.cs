namespace Puna.Engine.Cache;

/// <summary>What one stage of a policy remembers of one sequence. A fork gets a copy, a snapshot the bytes.</summary>
internal abstract class KvPolicyState
{
    /// <summary>An independent copy.</summary>
    public abstract KvPolicyState Fork();

    /// <summary>Writes all that it remembers.</summary>
    public abstract void Save(BinaryWriter writer);

    /// <summary>Replaces what it remembers by what was saved.</summary>
    /// <exception cref="EndOfStreamException">The bytes are too few.</exception>
    /// <exception cref="InputException">The bytes cannot be right.</exception>
    public abstract void Restore(BinaryReader reader);
}
