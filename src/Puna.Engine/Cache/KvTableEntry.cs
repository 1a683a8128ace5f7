namespace Puna.Engine.Cache;

/// <summary>
/// One entry of a sequence's table. Offset and mask lie here and not in the block, so that a block can be shared
/// by sequences that place it elsewhere or see less of it.
/// </summary>
internal struct KvTableEntry
{
    /// <summary>Forms that an entry can tell apart, the one that grows included.</summary>
    public const int MostForms = 1 << FormBits;

    // A distinct offset needs an entry of its own, and no sequence has 2^24 of them: both numbers fit one word.
    private const int FormBits = 8;
    private uint _formAndGroup;

    /// <summary>Block id in the pool of the form.</summary>
    public int Block;

    /// <summary>Effective position of a slot = stored position + this.</summary>
    public int Offset;

    /// <summary>Bit s: slot s holds a committed token of this sequence.</summary>
    public uint Valid;

    /// <summary>Form of the block; 0 = the one that grows slot by slot.</summary>
    public int Form
    {
        readonly get => (int)(_formAndGroup & (MostForms - 1));
        set => _formAndGroup = (_formAndGroup & ~(MostForms - 1u)) | (uint)value;
    }

    /// <summary>Index of <see cref="Offset"/> among the distinct offsets of the table.</summary>
    public int Group
    {
        readonly get => (int)(_formAndGroup >> FormBits);
        set => _formAndGroup = ((uint)value << FormBits) | (uint)Form;
    }

    /// <summary>The block with its form.</summary>
    public readonly KvBlockRef Reference => new(Block, Form);
}
