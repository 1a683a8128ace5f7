using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// How sealed blocks store their pages: formats that may code a page as a whole, and may differ from bank to bank. A policy
/// makes its forms once and declares them in <see cref="IKvPolicy.Forms"/>; they are compared by reference.
/// </summary>
/// <param name="keys">Format of the keys of a bank.</param>
/// <param name="values">Format of the values of a bank.</param>
internal sealed class KvForm(Func<int, KvPageFormat> keys, Func<int, KvPageFormat> values)
{
    /// <summary>Makes a form that stores all banks alike.</summary>
    /// <param name="keys">Format of the keys.</param>
    /// <param name="values">Format of the values.</param>
    public KvForm(KvPageFormat keys, KvPageFormat values)
        : this(_ => keys, _ => values) { }

    /// <summary>Format of the keys of a bank.</summary>
    public KvPageFormat Keys(int bank) => keys(bank);

    /// <summary>Format of the values of a bank.</summary>
    public KvPageFormat Values(int bank) => values(bank);

    /// <summary>The ids of its formats, by which a snapshot tells whether its blocks can be read here.</summary>
    internal string Describe(int banks) =>
        string.Join(
            ", ",
            Enumerable.Range(0, banks).Select(bank => $"{keys(bank).Id}/{values(bank).Id}")
        );
}
