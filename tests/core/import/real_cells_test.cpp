#include "core/import/cell_recognizer.hpp"
#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace rnnscope {
namespace {

std::filesystem::path data_folder() {
    return std::filesystem::path(RNNSCOPE_SHARED_DIR) / "data";
}

struct Expected {
    const char* file;
    std::vector<std::string> cells; ///< name: summary (instances)
};

/// What the authors of these graphs built, as far as their files say; the counts of units and steps are in the README
/// beside the files.
const std::vector<Expected>& table() {
    static const std::vector<Expected> expected = {
        {"tf1/kws-crnn/CRNN_M.pb",
         {"rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 76 units, input 512, Tanh, gate order ru, reset before the product "
          "(1)",
          "rnn/multi_rnn_cell/cell_1/gru_cell: GRU, 76 units, input 76, Tanh, gate order ru, reset before the product "
          "(1)"}},
        {"tf1/kws-crnn/CRNN_S.pb",
         {"rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 60 units, input 192, Tanh, gate order ru, reset before the product "
          "(1)",
          "rnn/multi_rnn_cell/cell_1/gru_cell: GRU, 60 units, input 60, Tanh, gate order ru, reset before the product "
          "(1)"}},
        {"tf1/kws-gru/GRU_L.pb",
         {"rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 400 units, input 10, Tanh, gate order ru, reset before the product "
          "(1)"}},
        {"tf1/kws-gru/GRU_S.pb",
         {"rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 154 units, input 10, Tanh, gate order ru, reset before the product "
          "(1)"}},
        {"tf1/kws-lstm/Basic_LSTM_S.pb",
         {"lstm/rnn/basic_lstm_cell: LSTM, 118 units, input 10, Tanh, gate order ijfo, forget bias 1 (1)"}},
        {"tf1/kws-lstm/LSTM_S.pb",
         {"lstm/rnn/lstm_cell: LSTM, 144 units, input 10, Tanh, gate order ijfo, forget bias 1, peepholes, projection "
          "to 98 (1)"}},
        {"tf1/har-lstm-unrolled-6862/frozen_har.pb",
         {"rnn/multi_rnn_cell/cell_0/basic_lstm_cell: LSTM, 64 units, input 64, Tanh, gate order ijfo, forget bias 1 "
          "(200)",
          "rnn/multi_rnn_cell/cell_1/basic_lstm_cell: LSTM, 64 units, input 64, Tanh, gate order ijfo, forget bias 1 "
          "(200)"}},
        {"tf1/char-rnn-lstm-unrolled/model-85340.meta",
         {"rnn/multi_rnn_cell/cell_0/basic_lstm_cell: LSTM, 128 units, input 65, Tanh, gate order ijfo, forget bias 0 "
          "(21)",
          "rnn/multi_rnn_cell/cell_1/basic_lstm_cell: LSTM, 128 units, input 128, Tanh, gate order ijfo, forget bias 0 "
          "(21)"}},
        {"tf1/g2p-gru-attention/model_epoch_14_gs_27956.meta",
         {"bidirectional_rnn/fw/gru_cell: GRU, 128 units, input 29, Tanh, gate order ru, reset before the product (1)",
          "bidirectional_rnn/bw/gru_cell: GRU, 128 units, input 29, Tanh, gate order ru, reset before the product (1)",
          "rnn/attention_wrapper/gru_cell: GRU, 128 units, input 200, Tanh, gate order ru, reset before the product "
          "(1)"}},
        {"tf1/gru-process-model/GRU.ckpt.meta",
         {"rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 10 units, input 4, Relu, gate order ru, reset before the product "
          "(1)",
          "rnn/multi_rnn_cell/cell_1/gru_cell: GRU, 10 units, input 10, Relu, gate order ru, reset before the product "
          "(1)"}},
        {"tf1/handson-basicrnn/my_time_series_model.meta",
         {"rnn/basic_rnn_cell: BasicRNN, 100 units, input 1, Relu (1)"}},
        {"tf1/seq2seq-letters-lstm/best_model.ckpt.meta",
         {"rnn/multi_rnn_cell/cell_0/lstm_cell: LSTM, 50 units, input 15, Tanh, gate order ijfo, forget bias 1 (1)",
          "rnn/multi_rnn_cell/cell_1/lstm_cell: LSTM, 50 units, input 50, Tanh, gate order ijfo, forget bias 1 (1)",
          "decode/decoder/multi_rnn_cell/cell_0/lstm_cell: LSTM, 50 units, input 15, Tanh, gate order ijfo, forget "
          "bias 1 (2)",
          "decode/decoder/multi_rnn_cell/cell_1/lstm_cell: LSTM, 50 units, input 50, Tanh, gate order ijfo, forget "
          "bias 1 (2)"}},
        {"tf1/sentiment-lstm-training-run/graph.pbtxt",
         {"rnn/basic_lstm_cell: LSTM, 64 units, input 300, Tanh, gate order ijfo, forget bias 1 (1)"}},
        {"tf1/impala-lstm-pbtxt/graph.pbtxt",
         {"agent/lstm_cell: LSTM, 256 units, input 275, Tanh, gate order ijfo, forget bias 1, one LSTMBlockCell (21)"}},
        {"tf1/mcfa-train-pbtxt-2301/MCFA.pb", {}},
        {"tf1/notebook-static-rnn/4fa8124_cell21_42n.pbtxt",
         {"rnn/basic_rnn_cell: BasicRNN, 5 units, input 3, Tanh (2)"}},
        {"tf1/notebook-static-rnn/632a14f_cell21_36n.pbtxt",
         {"rnn/basic_rnn_cell: BasicRNN, 5 units, input 3, Tanh (2)"}},
        {"tf1/notebook-static-rnn/6496cc6_cell19_36n.pbtxt",
         {"RNN/BasicRNNCell/Linear: BasicRNN, 5 units, input 3, Tanh (2)"}},
        {"tf1/notebook-static-rnn/d9bef07_cell23_42n.pbtxt",
         {"rnn/basic_rnn_cell: BasicRNN, 5 units, input 3, Tanh (2)"}},
        {"golden/dl4j-tf-golden/basiclstmcell/dynamic_b1_nIn5_nOut3_ts4_softsign_withIS_noTM_fb2_double/"
         "frozen_model.pb",
         {"rnn/basic_lstm_cell: LSTM, 3 units, input 5, Softsign, gate order ijfo, forget bias 2 (1)"}},
        {"golden/dl4j-tf-golden/basiclstmcell/dynamic_b1_nIn5_nOut3_ts4_tanh_noIS_noTM_fb1_float/frozen_model.pb",
         {"rnn/basic_lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1 (1)"}},
        {"golden/dl4j-tf-golden/basiclstmcell/static_b1_nIn5_nOut3_ts4_sigmoid_withIS_fb2_double/frozen_model.pb",
         {"rnn/basic_lstm_cell: LSTM, 3 units, input 5, Sigmoid, gate order ijfo, forget bias 2 (4)"}},
        {"golden/dl4j-tf-golden/basiclstmcell/static_b1_nIn5_nOut3_ts4_tanh_noIS_fb1_float/frozen_model.pb",
         {"rnn/basic_lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1 (4)"}},
        {"golden/dl4j-tf-golden/basicrnncell/dynamic_b1_nIn5_nOut3_ts4_relu_noIS_withTM_float/frozen_model.pb",
         {"rnn/basic_rnn_cell: BasicRNN, 3 units, input 5, Relu (1)"}},
        {"golden/dl4j-tf-golden/basicrnncell/static_b1_nIn5_nOut3_ts4_tanh_noIS_float/frozen_model.pb",
         {"rnn/basic_rnn_cell: BasicRNN, 3 units, input 5, Tanh (4)"}},
        {"golden/dl4j-tf-golden/bidir_basic/dynamic_b1_n5-3_ts4_relu_noIS_noTM_f32/frozen_model.pb",
         {"bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 5, Relu (1)",
          "bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 5, Relu (1)"}},
        {"golden/dl4j-tf-golden/bidir_basic/dynamic_b1_n5-3_ts4_sig_withIS_noTM_f64/frozen_model.pb",
         {"bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 5, Softsign (1)",
          "bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 5, Softsign (1)"}},
        {"golden/dl4j-tf-golden/bidir_basic/static_b1_nIn5_nOut3_ts4_sigmoid_withIS_double/frozen_model.pb",
         {"bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 5, Sigmoid (4)",
          "bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 5, Sigmoid (4)"}},
        {"golden/dl4j-tf-golden/bstack/d_b1_n3/frozen_model.pb",
         {"stack_bidirectional_rnn/cell_0/bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 5, Relu (1)",
          "stack_bidirectional_rnn/cell_0/bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 5, Relu (1)",
          "stack_bidirectional_rnn/cell_1/bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 6, Relu (1)",
          "stack_bidirectional_rnn/cell_1/bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 6, Relu (1)",
          "stack_bidirectional_rnn/cell_2/bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 6, Relu (1)",
          "stack_bidirectional_rnn/cell_2/bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 6, Relu (1)"}},
        {"golden/dl4j-tf-golden/bstack/d_n2/frozen_model.pb",
         {"stack_bidirectional_rnn/cell_0/bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 5, Relu (1)",
          "stack_bidirectional_rnn/cell_0/bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 5, Relu (1)",
          "stack_bidirectional_rnn/cell_1/bidirectional_rnn/fw/basic_rnn_cell: BasicRNN, 3 units, input 6, Relu (1)",
          "stack_bidirectional_rnn/cell_1/bidirectional_rnn/bw/basic_rnn_cell: BasicRNN, 3 units, input 6, Relu (1)"}},
        {"golden/dl4j-tf-golden/bstack/sta_b1_n5-3_ts4_tanh_noIS_f32_n3/frozen_model.pb",
         {"stack_bidirectional_rnn/cell_0/fw/basic_rnn_cell: BasicRNN, 3 units, input 5, Tanh (4)",
          "stack_bidirectional_rnn/cell_0/bw/basic_rnn_cell: BasicRNN, 3 units, input 5, Tanh (4)",
          "stack_bidirectional_rnn/cell_1/fw/basic_rnn_cell: BasicRNN, 3 units, input 6, Tanh (4)",
          "stack_bidirectional_rnn/cell_1/bw/basic_rnn_cell: BasicRNN, 3 units, input 6, Tanh (4)",
          "stack_bidirectional_rnn/cell_2/fw/basic_rnn_cell: BasicRNN, 3 units, input 6, Tanh (4)",
          "stack_bidirectional_rnn/cell_2/bw/basic_rnn_cell: BasicRNN, 3 units, input 6, Tanh (4)"}},
        {"golden/dl4j-tf-golden/control_flow/simple_while/frozen_model.pb", {}},
        {"golden/dl4j-tf-golden/control_flow/simplewhile_0_alt/frozen_model.pb", {}},
        {"golden/dl4j-tf-golden/control_flow/simplewhile_1/frozen_model.pb", {}},
        {"golden/dl4j-tf-golden/fused_adapt_basic/dynamic_b1_n5-3_ts4_elu_withIS_double/frozen_model.pb",
         {"rnn/basic_rnn_cell: BasicRNN, 3 units, input 4, Elu (1)"}},
        {"golden/dl4j-tf-golden/fused_adapt_basic/dynamic_b1_n5-3_ts4_relu_noIS_float/frozen_model.pb",
         {"rnn/basic_rnn_cell: BasicRNN, 3 units, input 4, Relu (1)"}},
        {"golden/dl4j-tf-golden/fused_adapt_basic/static_b1_n5-3_ts4_tanh_noIS_float/frozen_model.pb",
         {"rnn/basic_rnn_cell: BasicRNN, 3 units, input 4, Tanh (5)"}},
        {"golden/dl4j-tf-golden/grublockcellv2/dynamic_b1_n3-2_ts1_noIS_noTM/frozen_model.pb",
         {"rnn/gru_cell: GRU, 2 units, input 3, Tanh, gate order ru, reset before the product, one GRUBlockCell (1)"}},
        {"golden/dl4j-tf-golden/grublockcellv2/dynamic_b1_n5-3_ts4_noIS_withTM/frozen_model.pb",
         {"rnn/gru_cell: GRU, 3 units, input 5, Tanh, gate order ru, reset before the product, one GRUBlockCell (1)"}},
        {"golden/dl4j-tf-golden/grublockcellv2/static_b1_n5-3_ts4_noIS_f32/frozen_model.pb",
         {"rnn/gru_cell: GRU, 3 units, input 5, Tanh, gate order ru, reset before the product, one GRUBlockCell (4)"}},
        {"golden/dl4j-tf-golden/grucell/dynamic_b1_nIn5_nOut3_ts4_relu_noIS_noTM_float/frozen_model.pb",
         {"rnn/gru_cell: GRU, 3 units, input 5, Relu, gate order ru, reset before the product (1)"}},
        {"golden/dl4j-tf-golden/grucell/dynamic_b1_nIn5_nOut3_ts4_relu_noIS_withTM_float/frozen_model.pb",
         {"rnn/gru_cell: GRU, 3 units, input 5, Relu, gate order ru, reset before the product (1)"}},
        {"golden/dl4j-tf-golden/grucell/static_b1_nIn5_nOut3_ts4_softsign_withIS_double/frozen_model.pb",
         {"rnn/gru_cell: GRU, 3 units, input 5, Softsign, gate order ru, reset before the product (4)"}},
        {"golden/dl4j-tf-golden/grucell/static_b1_nIn5_nOut3_ts4_tanh_noIS_float/frozen_model.pb",
         {"rnn/gru_cell: GRU, 3 units, input 5, Tanh, gate order ru, reset before the product (4)"}},
        {"golden/dl4j-tf-golden/lstmblockcell/dynamic_b1_n5-3_ts4_noPH_clip-0.3-0.4_fB1_Tanh_noIS_noTM/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1, one LSTMBlockCell (1)"}},
        {"golden/dl4j-tf-golden/lstmblockcell/dynamic_b1_n5-3_ts4_noPH_noClip_fB1_noIS_noTM/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1, one LSTMBlockCell (1)"}},
        {"golden/dl4j-tf-golden/lstmblockcell/dynamic_b1_n5-3_ts4_noPH_noClip_fB2_withIS_noTM/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 2, one LSTMBlockCell (1)"}},
        {"golden/dl4j-tf-golden/lstmblockcell/static_batch1_n3-2_tsLength1_noPH_noClip_fBias1_noIS/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 2 units, input 3, Tanh, gate order ijfo, forget bias 1, one LSTMBlockCell (1)"}},
        {"golden/dl4j-tf-golden/lstmblockcell/static_batch1_n5-3_tsLength4_noPH_noClip_fBias1_noIS/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1, one LSTMBlockCell (4)"}},
        {"golden/dl4j-tf-golden/lstmblockcell/static_batch2_n2-3_tsLength4_withPH_noClip_fBias1_noIS/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 2, Tanh, gate order ijfo, forget bias 1, one LSTMBlockCell (4)"}},
        {"golden/dl4j-tf-golden/lstmblockfusedcell/batch1_n5-3_tsLength4_noPH_noClip_fBias1_noIS/frozen_model.pb",
         {"lstm_fused_cell: LSTM, 3 units, input 4, Tanh, gate order ijfo, forget bias 1, one BlockLSTM (1)"}},
        {"golden/dl4j-tf-golden/lstmblockfusedcell/batch2_n2-3_tsLength4_withPH_noClip_fBias1_noIS/frozen_model.pb",
         {"lstm_fused_cell: LSTM, 3 units, input 2, Tanh, gate order ijfo, forget bias 1, peepholes, one BlockLSTM "
          "(1)"}},
        {"golden/dl4j-tf-golden/lstmcell/dynamic_b1_nIn5_nOut3_ts4_noPH_noClip_fB1_Tanh_noIS_float_withTM/"
         "frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1 (1)"}},
        {"golden/dl4j-tf-golden/lstmcell/dynamic_b1_nIn5_nOut3_ts4_noPH_noClip_fB1_Tanh_noInitState_float_noTM/"
         "frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1 (1)"}},
        {"golden/dl4j-tf-golden/lstmcell/dynamic_b2_nIn2_nOut3_ts4_withPH_noClip_fB1_Tanh_noIS_double_noTM/"
         "frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 2, Tanh, gate order ijfo, forget bias 1, peepholes (1)"}},
        {"golden/dl4j-tf-golden/lstmcell/"
         "static_batch1_nIn5_nOut3_tsLength4_noPH_clip-0.3-0.4_fBias1_Tanh_noInitState_float/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1, cell clip 0.3 (4)"}},
        {"golden/dl4j-tf-golden/lstmcell/static_batch1_nIn5_nOut3_tsLength4_noPH_noClip_fBias1_Tanh_noInitState_float/"
         "frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 5, Tanh, gate order ijfo, forget bias 1 (4)"}},
        {"golden/dl4j-tf-golden/lstmcell/"
         "static_batch2_nIn2_nOut3_tsLength4_withPH_noClip_fBias1_Tanh_noInitState_double/frozen_model.pb",
         {"rnn/lstm_cell: LSTM, 3 units, input 2, Tanh, gate order ijfo, forget bias 1, peepholes (4)"}},
        {"golden/dl4j-tf-golden/primitive/primitive_gru_dynamic/frozen_model.pb",
         {"rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 3 units, input 6, Tanh, gate order ru, reset before the product "
          "(1)",
          "rnn/multi_rnn_cell/cell_1/gru_cell: GRU, 3 units, input 3, Tanh, gate order ru, reset before the product "
          "(1)",
          "rnn/multi_rnn_cell/cell_2/gru_cell: GRU, 3 units, input 3, Tanh, gate order ru, reset before the product "
          "(1)",
          "rnn/multi_rnn_cell/cell_3/gru_cell: GRU, 3 units, input 3, Tanh, gate order ru, reset before the product "
          "(1)",
          "rnn/multi_rnn_cell/cell_4/gru_cell: GRU, 3 units, input 3, Tanh, gate order ru, reset before the product "
          "(1)"}},
        {"golden/dl4j-tf-golden/primitive/primitive_lstm/frozen_model.pb",
         {"rnn/basic_lstm_cell: LSTM, 3 units, input 2, Tanh, gate order ijfo, forget bias 1 (6)"}},
        {"golden/dl4j-tf-golden/srucell/dynamic_b1_n5-3_tanh_ts4_noIS_noTM/frozen_model.pb", {}},
        {"golden/dl4j-tf-golden/srucell/static_b1_n5-3_relu_ts4_withIS_f32/frozen_model.pb", {}},
        {"golden/dl4j-tf-golden/tr_lstmbfc/batch1_n5-3_tsLength4_noPH_clip-0.3_fBias2_withIS/frozen_model.pb",
         {"lstm_fused_cell: LSTM, 3 units, input 4, Tanh, gate order ijfo, forget bias 2, cell clip 0.3, one BlockLSTM "
          "(1)"}},
        {"golden/dl4j-tf-golden/tr_lstmbfc/batch1_n5-3_tsLength4_noPH_noClip_fBias1_noIS/frozen_model.pb",
         {"lstm_fused_cell: LSTM, 3 units, input 4, Tanh, gate order ijfo, forget bias 1, one BlockLSTM (1)"}},
        {"../golden/basiclstm.graphdef.json",
         {"rnn/basic_lstm_cell: LSTM, 4 units, input 3, Tanh, gate order ijfo, forget bias 1 (1)"}},
        {"../golden/basicrnn.graphdef.json", {"rnn/basic_rnn_cell: BasicRNN, 4 units, input 3, Tanh (1)"}},
        {"../golden/bidir.graphdef.json",
         {"bidirectional_rnn/fw/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)",
          "bidirectional_rnn/bw/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/cond_var.graphdef.json", {}},
        {"../golden/dropoutwrapper.graphdef.json",
         {"rnn/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/gru1_resource.graphdef.json",
         {"rnn/rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the "
          "product (1)"}},
        {"../golden/gru1_seqlen.graphdef.json",
         {"rnn/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/gru1_static.graphdef.json",
         {"rnn/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/gru1_timemajor.graphdef.json",
         {"rnn/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/gru1_train_adam.graphdef.json",
         {"rnn/rnn/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/gru1_train_full_sgd.graphdef.json",
         {"rnn/rnn/gru_cell: GRU, 4 units, input 4, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/gru2_seed.graphdef.json",
         {"rnn/rnn/multi_rnn_cell/cell_0/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the "
          "product (1)",
          "rnn/rnn/multi_rnn_cell/cell_1/gru_cell: GRU, 4 units, input 4, Tanh, gate order ru, reset before the "
          "product (1)"}},
        {"../golden/lstm.graphdef.json",
         {"rnn/lstm_cell: LSTM, 4 units, input 3, Tanh, gate order ijfo, forget bias 1 (1)"}},
        {"../golden/lstm2_train_full_adam.graphdef.json",
         {"rnn/rnn/multi_rnn_cell/cell_0/basic_lstm_cell: LSTM, 4 units, input 4, Tanh, gate order ijfo, forget bias 1 "
          "(1)",
          "rnn/rnn/multi_rnn_cell/cell_1/basic_lstm_cell: LSTM, 4 units, input 4, Tanh, gate order ijfo, forget bias 1 "
          "(1)"}},
        {"../golden/residualwrapper.graphdef.json",
         {"rnn/gru_cell: GRU, 3 units, input 3, Tanh, gate order ru, reset before the product (1)"}},
        {"../golden/static_gru.graphdef.json",
         {"rnn/gru_cell: GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (2)"}},
        {"../golden/while_var.graphdef.json", {}},
        {"golden/tf-lstm-layer-inference/lstm_layer_inference.pbtxt",
         {"lstm_0: LSTM, 1024 units, input 1024, Tanh, gate order jifo, cell clip 1, clip of products 1, output clip "
          "1, output not activated (5)"}},
    };
    return expected;
}

std::vector<std::string> lines_of(const std::vector<RecognizedCell>& cells, bool with_names) {
    std::vector<std::string> result;
    for (const RecognizedCell& cell : cells)
        result.push_back(
            fmt::format("{}{} ({})", with_names ? cell.name + ": " : "", summary(cell), cell.instances.size()));
    return result;
}

std::shared_ptr<const GraphFile> load(const std::string& path) {
    LoadedGraph loaded = load_graph_file(path);
    if (auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded)) return *file;
    ADD_FAILURE() << to_text(std::get<Diagnostics>(loaded));
    return std::make_shared<GraphFile>();
}

/// The same graph without anything that a name could tell: nodes are n0, n1, ..., frames f0, f1, ..., and there are no
/// control inputs.
GraphFile anonymous(const GraphFile& file) {
    GraphFile result = file;
    std::map<std::string, std::string> names, frames;
    std::vector<NodeDefData> nodes(file.nodes.begin(), file.nodes.end());
    for (const NodeDefData& node : nodes) names.emplace(node.name, fmt::format("n{}", names.size()));
    for (NodeDefData& node : nodes) {
        node.name = names.at(node.name);
        std::vector<std::string> inputs;
        for (const std::string& input : node.inputs) {
            if (input.starts_with("^")) continue;
            const std::size_t colon = std::min(input.find(':'), input.size());
            inputs.push_back(names.at(input.substr(0, colon)) + input.substr(colon));
        }
        node.inputs = std::move(inputs);
        if (const auto frame = node.attrs.find("frame_name"); frame != node.attrs.end()) {
            const std::string& name = *frame->second.as<std::string>();
            frame->second = frames.emplace(name, fmt::format("f{}", frames.size())).first->second;
        }
    }
    result.nodes = nodes;
    return result;
}

void expect_same(const RecognizedCell& a, const RecognizedCell& b) {
    EXPECT_EQ(summary(a), summary(b));
    ASSERT_EQ(a.weights.size(), b.weights.size());
    for (std::size_t i = 0; i < a.weights.size(); ++i) {
        EXPECT_EQ(a.weights[i].role, b.weights[i].role);
        EXPECT_EQ(a.weights[i].source, b.weights[i].source);
    }
    ASSERT_EQ(a.instances.size(), b.instances.size());
    for (std::size_t i = 0; i < a.instances.size(); ++i) {
        const CellInstance &x = a.instances[i], &y = b.instances[i];
        EXPECT_EQ(x.parts, y.parts);
        EXPECT_EQ(x.inputs, y.inputs);
        EXPECT_EQ(x.previous_h, y.previous_h);
        EXPECT_EQ(x.previous_c, y.previous_c);
        EXPECT_EQ(x.previous, y.previous);
        EXPECT_EQ(x.nodes, y.nodes);
        EXPECT_EQ(x.frame.empty(), y.frame.empty());
    }
}

TEST(RealCells, AreFoundWithTheirNamesAndWithout) {
    if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "the real graphs are not here: " << data_folder();
    for (const Expected& expected : table()) {
        SCOPED_TRACE(expected.file);
        const auto file = load((data_folder() / expected.file).string());
        Graph graph, nameless;
        Diagnostics problems = import_graph(graph, *file);
        ASSERT_TRUE(problems.empty()) << to_text(problems);
        const auto cells = recognize_cells(graph);
        EXPECT_EQ(lines_of(cells, true), expected.cells);

        problems = import_graph(nameless, anonymous(*file));
        ASSERT_TRUE(problems.empty()) << to_text(problems);
        const auto again = recognize_cells(nameless);
        ASSERT_EQ(lines_of(cells, false), lines_of(again, false));
        for (std::size_t i = 0; i < cells.size(); ++i) expect_same(cells[i], again[i]);
    }
}

/// Training, validation and evaluation share their weights: 10, 10 and 1 steps, each chain in its order.
TEST(RealCells, CopiesOfAnUnrolledNetworkAreChains) {
    if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "the real graphs are not here: " << data_folder();
    const auto file = load((data_folder() / "tf1/char-rnn-lstm-unrolled/model-85340.meta").string());
    Graph graph;
    ASSERT_TRUE(import_graph(graph, *file).empty());
    for (const RecognizedCell& cell : recognize_cells(graph)) {
        std::vector<std::size_t> starts;
        for (std::size_t i = 0; i < cell.instances.size(); ++i) {
            const CellInstance& instance = cell.instances[i];
            if (!instance.previous) {
                starts.push_back(i);
                continue;
            }
            EXPECT_EQ(*instance.previous, i - 1);
            EXPECT_EQ(instance.previous_h, cell.instances[i - 1].part("h"));
            EXPECT_EQ(instance.previous_c, cell.instances[i - 1].part("c"));
        }
        EXPECT_EQ(starts, (std::vector<std::size_t>{0, 10, 20}));
    }
}

TEST(RealCells, PartsOfAProjectedLstmInALoop) {
    if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "the real graphs are not here: " << data_folder();
    const auto file = load((data_folder() / "tf1/kws-lstm/LSTM_S.pb").string());
    Graph graph;
    ASSERT_TRUE(import_graph(graph, *file).empty());
    EXPECT_EQ(to_text(recognize_cells(graph), graph), R"(lstm/rnn/lstm_cell
  LSTM, 144 units, input 10, Tanh, gate order ijfo, forget bias 1, peepholes, projection to 98
    kernel               lstm/rnn/lstm_cell/kernel [108,576]
    bias                 lstm/rnn/lstm_cell/bias [576]
    peephole of i        lstm/rnn/lstm_cell/w_i_diag [144]
    peephole of f        lstm/rnn/lstm_cell/w_f_diag [144]
    peephole of o        lstm/rnn/lstm_cell/w_o_diag [144]
    projection kernel    lstm/rnn/lstm_cell/projection/kernel [144,98]
    instance 0 "LSTM-Layer/lstm/rnn/while/rnn/lstm_cell" in loop "LSTM-Layer/lstm/rnn/while/while_context"
      x          LSTM-Layer/lstm/rnn/while/TensorArrayReadV3:0
      h before   LSTM-Layer/lstm/rnn/while/Identity_3:0
      c before   LSTM-Layer/lstm/rnn/while/Identity_2:0
      i          LSTM-Layer/lstm/rnn/while/rnn/lstm_cell/Sigmoid_1:0
      j          LSTM-Layer/lstm/rnn/while/rnn/lstm_cell/Tanh:0
      f          LSTM-Layer/lstm/rnn/while/rnn/lstm_cell/Sigmoid:0
      o          LSTM-Layer/lstm/rnn/while/rnn/lstm_cell/Sigmoid_2:0
      c          LSTM-Layer/lstm/rnn/while/rnn/lstm_cell/add_3:0
      h          LSTM-Layer/lstm/rnn/while/rnn/lstm_cell/MatMul_1:0
)");
}

} // namespace
} // namespace rnnscope
