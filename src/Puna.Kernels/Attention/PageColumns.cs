namespace Puna.Kernels.Attention;

/// <summary>Columns of a channel-major page [n][32]: what belongs to one slot, 32 elements apart.</summary>
internal static unsafe class PageColumns
{
    /// <summary>Spreads <paramref name="count"/> neighbouring elements over the column at <paramref name="column"/>.</summary>
    public static void Scatter<T>(T* from, T* column, int count)
        where T : unmanaged
    {
        for (var index = 0; index < count; index++)
        {
            column[index * KvPageRef.Slots] = from[index];
        }
    }

    /// <summary>Copies a column of <paramref name="count"/> elements.</summary>
    public static void Copy<T>(T* from, T* to, int count)
        where T : unmanaged
    {
        for (var index = 0; index < count; index++)
        {
            to[index * KvPageRef.Slots] = from[index * KvPageRef.Slots];
        }
    }
}
