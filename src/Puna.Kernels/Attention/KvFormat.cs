namespace Puna.Kernels.Attention;

/// <summary>How keys or values are stored in a cache page.</summary>
public enum KvFormat
{
    /// <summary>IEEE single.</summary>
    F32,

    /// <summary>IEEE half.</summary>
    F16,

    /// <summary>The upper half of an IEEE single, rounded to nearest even.</summary>
    BF16,

    /// <summary>int8 with one f32 scale a slot: each slot is quantised by itself when appended.</summary>
    Int8,
}
