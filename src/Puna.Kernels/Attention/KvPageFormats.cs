namespace Puna.Kernels.Attention;

/// <summary>The formats for which the attention kernel has loads of its own.</summary>
public static class KvPageFormats
{
    /// <summary>How many there are.</summary>
    internal const int Count = 4;

    /// <summary>IEEE single.</summary>
    public static KvSlotFormat F32 { get; } = new F32PageFormat();

    /// <summary>IEEE half.</summary>
    public static KvSlotFormat F16 { get; } = new F16PageFormat();

    /// <summary>The upper half of an IEEE single, rounded to nearest even.</summary>
    public static KvSlotFormat BF16 { get; } = new BF16PageFormat();

    /// <summary>int8 with one f32 step a slot: each slot is quantised by itself when stored.</summary>
    public static KvSlotFormat Int8 { get; } = new Int8PageFormat();

    /// <summary>All of them, in the order of their numbers.</summary>
    public static IReadOnlyList<KvSlotFormat> All { get; } = [F32, F16, BF16, Int8];

    /// <summary>The format of an id, or null.</summary>
    public static KvSlotFormat? Find(string id) => All.FirstOrDefault(format => format.Id == id);
}
