#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <bit>
#include <cstdint>

#include <fmt/format.h>

// Sound, spectra and cuDNN's recurrent layers. Graphs that hold them load and are shown, and the rest of such a graph
// runs when their outputs are fed; they themselves are not computed.
namespace rnnscope::ops {
namespace {

Status decode_wav_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    const auto wanted = [&](const char* key, std::int64_t& dim) -> Status {
        dim = ctx.attr<std::int64_t>(key);
        if (dim < -1) return invalid_argument(fmt::format("{} must be non-negative, got {}", key, dim));
        return {};
    };
    std::int64_t channels = 0, samples = 0;
    RNNSCOPE_TRY(wanted("desired_channels", channels));
    RNNSCOPE_TRY(wanted("desired_samples", samples));
    ctx.set_output(0, {samples, channels}); // -1 is what a Shape calls unknown
    ctx.set_output(1, Shape{});
    return {};
}

Status spectrogram_shape(ShapeContext& ctx) {
    const auto input = with_rank(ctx.input(0), 2);
    if (!input) return input.error();
    const auto window = ctx.attr<std::int64_t>("window_size"), stride = ctx.attr<std::int64_t>("stride");
    constexpr std::int64_t most = std::int64_t{1} << 40;
    if (window < 2 || window > most || stride < 1)
        return invalid_argument(fmt::format("window_size {} and stride {} make no spectrogram", window, stride));
    std::int64_t length = Shape::unknown;
    if (input->dim(0) != Shape::unknown) length = input->dim(0) < window ? 0 : 1 + (input->dim(0) - window) / stride;
    const auto bins = 1 + std::bit_ceil(static_cast<std::uint64_t>(window)) / 2;
    ctx.set_output(0, {input->dim(1), length, static_cast<std::int64_t>(bins)});
    return {};
}

Status mfcc_shape(ShapeContext& ctx) {
    const auto spectrogram = with_rank(ctx.input(0), 3);
    if (!spectrogram) return spectrogram.error();
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    ctx.set_output(0, {spectrogram->dim(0), spectrogram->dim(1), ctx.attr<std::int64_t>("dct_coefficient_count")});
    return {};
}

/// RFFT and IRFFT: the last dimension is the transform's length, or half of it and one.
template <bool inverse> Status real_fft_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank_at_least(ctx.input(0), 1));
    const auto length = with_rank(ctx.input(1), 1);
    if (!length) return length.error();
    RNNSCOPE_TRY(dim_is(length->dim(0), 1));
    const Shape& input = ctx.input(0);
    if (!input.has_rank()) return unknown_shape(ctx);
    std::int64_t size = Shape::unknown;
    if (const auto value = ctx.constant_input(1); value && value->elements() == 1)
        size = inverse ? value->integer(0) : value->integer(0) / 2 + 1;
    if (size < Shape::unknown) return invalid_argument(fmt::format("fft_length must not be negative, is {}", size));
    ctx.set_output(0, with_dim(input, input.rank() - 1, size));
    return {};
}

Status cudnn_rnn_shape(ShapeContext& ctx) {
    const auto input = with_rank(ctx.input(0), 3), state = with_rank(ctx.input(1), 3);
    if (!input) return input.error();
    if (!state) return state.error();
    RNNSCOPE_TRY(with_rank(ctx.input(3), 1));
    const std::int64_t directions = ctx.attr<std::string>("direction") == "bidirectional" ? 2 : 1;
    std::int64_t width = state->dim(2);
    if (width != Shape::unknown && __builtin_mul_overflow(width, directions, &width))
        return invalid_argument("input_h has more units than can be counted");
    ctx.set_output(0, {input->dim(0), input->dim(1), width});
    ctx.set_output(1, *state);
    ctx.set_output(2, ctx.attr<std::string>("rnn_mode") == "lstm" ? *state : Shape{});
    ctx.set_output(3, Shape::unknown_rank());
    return {};
}

Status cudnn_rnn_grad_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < 4; ++i) ctx.set_output(i, ctx.input(i));
    return {};
}

OpBuilder cudnn(std::string_view name) {
    return OpBuilder(name)
        .attr("T: {half, float, double}")
        .attr("rnn_mode: {'rnn_relu', 'rnn_tanh', 'lstm', 'gru'} = 'lstm'")
        .attr("input_mode: {'linear_input', 'skip_input', 'auto_select'} = 'linear_input'")
        .attr("direction: {'unidirectional', 'bidirectional'} = 'unidirectional'")
        .attr("dropout: float = 0")
        .attr("seed: int = 0")
        .attr("seed2: int = 0")
        .input("input: T")
        .input("input_h: T")
        .input("input_c: T")
        .input("params: T")
        .stateful();
}

OpBuilder of_complex(std::string_view name, std::string_view argument, std::string_view result) {
    return OpBuilder(name)
        .input(std::string(argument) + ": T")
        .output(std::string(result) + ": Tout")
        .attr("T: {complex64, complex128} = DT_COMPLEX64")
        .attr("Tout: {float, double} = DT_FLOAT")
        .shape(unchanged_shape);
}

} // namespace

void add_audio_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("DecodeWav")
                      .input("contents: string")
                      .output("audio: float")
                      .output("sample_rate: int32")
                      .attr("desired_channels: int = -1")
                      .attr("desired_samples: int = -1")
                      .summary("The samples of a WAV file, in [-1, 1].")
                      .shape(decode_wav_shape));
    ops.push_back(OpBuilder("AudioSpectrogram")
                      .input("input: float")
                      .output("spectrogram: float")
                      .attr("window_size: int")
                      .attr("stride: int")
                      .attr("magnitude_squared: bool = false")
                      .summary("Spectra of overlapping windows of a sound.")
                      .shape(spectrogram_shape));
    ops.push_back(OpBuilder("Mfcc")
                      .input("spectrogram: float")
                      .input("sample_rate: int32")
                      .output("output: float")
                      .attr("upper_frequency_limit: float = 4000")
                      .attr("lower_frequency_limit: float = 20")
                      .attr("filterbank_channel_count: int = 40")
                      .attr("dct_coefficient_count: int = 13")
                      .summary("Mel frequency cepstral coefficients of a spectrogram.")
                      .shape(mfcc_shape));
    ops.push_back(OpBuilder("RFFT")
                      .input("input: float")
                      .input("fft_length: int32")
                      .output("output: complex64")
                      .summary("Fourier transform of real numbers along the last dimension.")
                      .shape(real_fft_shape<false>));
    ops.push_back(OpBuilder("IRFFT")
                      .input("input: complex64")
                      .input("fft_length: int32")
                      .output("output: float")
                      .summary("Inverse Fourier transform to real numbers along the last dimension.")
                      .shape(real_fft_shape<true>));
    ops.push_back(of_complex("ComplexAbs", "x", "y").summary("Absolute value of complex numbers, elementwise."));
    ops.push_back(of_complex("Angle", "input", "output").summary("Argument of complex numbers, elementwise."));
    ops.push_back(cudnn("CudnnRNN")
                      .output("output: T")
                      .output("output_h: T")
                      .output("output_c: T")
                      .output("reserve_space: T")
                      .attr("is_training: bool = true")
                      .summary("A recurrent layer, computed by cuDNN on a GPU.")
                      .shape(cudnn_rnn_shape));
    ops.push_back(cudnn("CudnnRNNBackprop")
                      .input("output: T")
                      .input("output_h: T")
                      .input("output_c: T")
                      .input("output_backprop: T")
                      .input("output_h_backprop: T")
                      .input("output_c_backprop: T")
                      .input("reserve_space: T")
                      .output("input_backprop: T")
                      .output("input_h_backprop: T")
                      .output("input_c_backprop: T")
                      .output("params_backprop: T")
                      .summary("Gradient of CudnnRNN.")
                      .shape(cudnn_rnn_grad_shape));
}

} // namespace rnnscope::ops
