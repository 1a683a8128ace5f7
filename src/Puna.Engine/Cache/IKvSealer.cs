using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// Codes the pages of a block that takes another form, see <see cref="KvEntry.Seal"/>. The numbers lie in scratch memory
/// that the next read of any entry overwrites; the pages come cleared.
/// </summary>
internal interface IKvSealer
{
    /// <summary>Codes the keys of a page.</summary>
    /// <param name="cell">Whose they are.</param>
    /// <param name="valid">Bit s: slot s holds a committed token; the numbers of the others do not matter.</param>
    /// <param name="keys">The keys as the block gives them now, channel-major [d][32].</param>
    /// <param name="page">Receives them in the format of the form.</param>
    void SealKeys(KvCell cell, uint valid, NativeSpan<float> keys, NativeSpan<byte> page);

    /// <summary>Codes the values of a page, under the rules of <see cref="SealKeys"/>.</summary>
    /// <param name="cell">Whose they are.</param>
    /// <param name="valid">Bit s: slot s holds a committed token.</param>
    /// <param name="values">The values as the block gives them now, slot-major [32][d].</param>
    /// <param name="page">Receives them in the format of the form.</param>
    void SealValues(KvCell cell, uint valid, NativeSpan<float> values, NativeSpan<byte> page);
}
